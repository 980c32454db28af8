-- race.lua two|one: 2 x 2,000,000 changes of one global.
local threading = require "threading"
local now = require "probe".now

balance = 0

local function change_it(n)
  balance = balance + n
  balance = balance - n
end

local function run_thread(n)
  for _ = 1, 2000000 do
    change_it(n)
  end
end

local t = now()
if arg[1] == "two" then
  local t1 = threading.Thread { target = run_thread, args = { 5 } }
  local t2 = threading.Thread { target = run_thread, args = { 8 } }
  t1:start()
  t2:start()
  t1:join()
  t2:join()
else
  run_thread(5)
  run_thread(8)
end
print(now() - t)
