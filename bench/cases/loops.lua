-- loops.lua with|without: the document's two loops, in one thread.
if arg[1] == "with" then
  require "threading"
end
local now = require "probe".now

balance = 0

local function change_it(n)
  balance = balance + n
  balance = balance - n
end

local function run_thread(n)
  for _ = 1, 500000 do
    change_it(n)
  end
end

local function loop()
  local x = 0
  for _ = 1, 10000000 do
    x = x ~ 1
  end
end

-- The best of a few: what disturbs a loop makes it slower, never faster.
local function best(fn, ...)
  local least = math.huge
  for _ = 1, 5 do
    local t = now()
    fn(...)
    least = math.min(least, now() - t)
  end
  return least
end

print(best(run_thread, 5), best(loop))
