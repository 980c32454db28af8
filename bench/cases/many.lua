-- 10,000 threads that wait, all at once, for one Event: the time to start,
-- wake and join them, and the memory of one of them.
local threading, time = require "threading", require "threading.time"
local probe = require "probe"
local N <const> = 10000
local event, waits = threading.Event(), {}

local function wait(i)
  waits[i] = true -- to count them would be the document's race
  event:wait()
end

local threads, before = {}, probe.memory()
local t = probe.now()
for i = 1, N do
  threads[i] = threading.Thread { target = wait, args = { i } }
  threads[i]:start()
end
for i = 1, N do
  while not waits[i] do
    time.sleep(0.001)
  end
end
t = probe.now() - t
local each = (probe.memory() - before) / N -- takes long itself
local from = probe.now()
event:set()
for _, thread in ipairs(threads) do
  thread:join()
end
print(t + probe.now() - from, each)
