-- What an idle thread costs in memory: 500 of them, sleeping.
local threading, time = require "threading", require "threading.time"
local memory = require "probe".memory
local N <const> = 500
local asleep = 0

local function nap()
  asleep = asleep + 1
  time.sleep(60)
end

local function start()
  threading.Thread { target = nap, daemon = true }:start()
end

start() -- what only the first one costs is not a thread's
local before = memory()
for _ = 1, N do
  start()
end
while asleep <= N do
  time.sleep(0.01)
end
time.sleep(0.05)
print((memory() - before) / N)
os.exit(0, false)
