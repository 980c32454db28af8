-- queues.lua KIND N: items per second through a Queue or a SimpleQueue from N
-- threads to N threads.
local threading = require "threading"
local queue = require "threading.queue"
local now = require "probe".now

local kind, n = arg[1], tonumber(arg[2])
local ITEMS <const> = 400000 // n -- of each producer

local q = queue[kind]()

local function produce()
  for i = 1, ITEMS do
    q:put(i)
  end
end

local function consume()
  for _ = 1, ITEMS do
    q:get()
  end
end

local threads = {}
for i = 1, n do
  threads[i] = threading.Thread { target = consume }
  threads[n + i] = threading.Thread { target = produce }
end
local t = now()
for _, thread in ipairs(threads) do
  thread:start()
end
for _, thread in ipairs(threads) do
  thread:join()
end
print(ITEMS * n / (now() - t))
