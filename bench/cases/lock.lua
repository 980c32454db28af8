-- lock.lua lock|empty: an uncontended lock, or two empty C methods.
local now = require "probe".now
local new = arg[1] == "lock" and require "threading".Lock
  or require "probe".object
local N <const> = 2000000

local function run()
  local lock = new()
  for _ = 1, N do
    lock:acquire()
    lock:release()
  end
end

local t = now()
run()
print((now() - t) / N)
