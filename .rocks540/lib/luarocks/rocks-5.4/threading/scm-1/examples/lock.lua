-- One idea: with a Lock, one thread at a time changes the balance, and it is
-- 0 in the end, every time.

local threading = require "threading"
local loops = require "threading.loops"

local ROUNDS, TIMES = 5, 100000

balance = 0
local lock = threading.Lock()

local function change_it(n)
  -- Pay in, then take out; the result should be 0:
  balance = balance + n
  balance = balance - n
end

local function run_thread(n)
  for _ = 1, TIMES do
    -- First get the lock:
    lock:acquire()
    -- Now change it without fear:
    local ok, err = pcall(change_it, n)
    -- When the change is made, the lock must be released:
    lock:release()
    if not ok then
      error(err, 0)
    end
  end
end
-- When several threads call lock:acquire(), one of them gets the lock and
-- goes on; the others wait until they get it.

-- Who has the lock must release it when done, or those that wait for it wait
-- for ever. Hence the pcall: an error must not leave without the release.

-- The same, shorter: a guard releases the lock at the end of the block, also
-- on an error or a break.
local function run_thread_guard(n)
  for _ = 1, TIMES do
    local _ <close> = lock:guard()
    change_it(n)
  end
end

-- The same in C, with the very same Lock, on a number that C can reach.
local value = threading.Value("int64", 0)

local function run_thread_c(n)
  loops.change(value, n, TIMES, lock)
end

local function run(target)
  local t1 = threading.Thread { target = target, args = { 5 } }
  local t2 = threading.Thread { target = target, args = { 8 } }
  t1:start()
  t2:start()
  t1:join()
  t2:join()
end

for round = 1, ROUNDS do
  print(("round %d"):format(round))
  run(run_thread)
  print(("  acquire, pcall, release: balance = %d"):format(balance))
  run(run_thread_guard)
  print(("  <close>:                 balance = %d"):format(balance))
  run(run_thread_c)
  print(("  in C, the same Lock:     balance = %d"):format(value.value))
end
