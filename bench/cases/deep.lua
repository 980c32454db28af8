-- deep.lua alone|beside: calls that nest 190,000 deep, alone or beside a thread
-- that wakes 1,000 times a second: to set a hook there walks over all of them.
local threading, time = require "threading", require "threading.time"
local now = require "probe".now
local DEPTH <const>, TIMES <const> = 190000, 20

local function nest(n)
  if n == 0 then
    return 0
  end
  local depth = nest(n - 1)
  return depth + 1
end

local function wake_up()
  while true do
    time.sleep(0.001)
  end
end

if arg[1] == "beside" then
  threading.Thread { target = wake_up, daemon = true }:start()
  time.sleep(0.01)
end
local t = now()
for _ = 1, TIMES do
  nest(DEPTH)
end
print(now() - t)
