-- Two threads that send an item to and fro; the time of a round trip.
local threading = require "threading"
local queue = require "threading.queue"
local now = require "probe".now
local N <const> = 5000

local ping, pong = queue.Queue(), queue.Queue()
local other = threading.Thread { target = function()
  for item in ping:items() do
    pong:put(item)
  end
end }
other:start()
local t = now()
for i = 1, N do
  ping:put(i)
  pong:get()
end
print((now() - t) / N)
ping:shutdown()
other:join()
