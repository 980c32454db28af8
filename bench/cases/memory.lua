-- What an idle thread costs in memory: 500 of them, sleeping.
local threading, time = require "threading", require "threading.time"
local memory = require "probe".memory
local N <const> = 500
local lock, asleep = threading.Lock(), 0

local function nap()
  lock:acquire() -- without it, the count would be the document's race
  asleep = asleep + 1
  lock:release()
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
