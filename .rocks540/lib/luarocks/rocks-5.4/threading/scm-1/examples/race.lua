-- One idea: all threads share all variables, so that two of them that change
-- the same one can spoil each other's work.

local threading = require "threading"
local loops = require "threading.loops"

local ROUNDS, TIMES = 10, 2000000

-- Suppose this is your bank balance:
balance = 0

local function change_it(n)
  -- Pay in, then take out; the result should be 0:
  balance = balance + n
  balance = balance - n
end

local function run_thread(n)
  for _ = 1, TIMES do
    change_it(n)
  end
end

print "in Lua, where the threads take turns:"
local wrong = 0
for round = 1, ROUNDS do
  balance = 0
  local t1 = threading.Thread { target = run_thread, args = { 5 } }
  local t2 = threading.Thread { target = run_thread, args = { 8 } }
  t1:start()
  t2:start()
  t1:join()
  t2:join()
  print(("  round %d: balance = %d"):format(round, balance))
  if balance ~= 0 then
    wrong = wrong + 1
  end
end
print(("  not 0 in %d of %d rounds"):format(wrong, ROUNDS))

-- The operating system decides when t1 and t2 take turns. `balance + n` is a
-- load, an addition and a store; when the turn ends between them, the store
-- comes late and undoes what the other thread did. With enough changes the
-- balance is not always 0.

-- The same loop in C, on a number that C can reach. It does not hold Lua's
-- global lock, so that the threads run at the same time.
local value = threading.Value("int64", 0)

local function run_thread_c(n)
  loops.change(value, n, TIMES)
end

print "in C, where the threads run at the same time:"
wrong = 0
for round = 1, ROUNDS do
  value.value = 0
  local t1 = threading.Thread { target = run_thread_c, args = { 5 } }
  local t2 = threading.Thread { target = run_thread_c, args = { 8 } }
  t1:start()
  t2:start()
  t1:join()
  t2:join()
  print(("  round %d: balance = %d"):format(round, value.value))
  if value.value ~= 0 then
    wrong = wrong + 1
  end
end
print(("  not 0 in %d of %d rounds"):format(wrong, ROUNDS))
