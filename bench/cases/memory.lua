-- What an idle thread costs in memory: 500 of them, sleeping.
local threading, time = require "threading", require "threading.time"
local memory = require "probe".memory
local N <const> = 500
local asleep = {}

local function nap(i)
  asleep[i] = true -- to count them would be the document's race
  time.sleep(60)
end

local function start(i)
  threading.Thread { target = nap, args = { i }, daemon = true }:start()
end

start(0) -- what only the first one costs is not a thread's
local before = memory()
for i = 1, N do
  start(i)
end
for i = 0, N do
  while not asleep[i] do
    time.sleep(0.001)
  end
end
time.sleep(0.05)
print((memory() - before) / N)
os.exit(0, false)
