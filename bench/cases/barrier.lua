-- 100 threads that meet at a Barrier again and again; the time of a round.
local threading = require "threading"
local now = require "probe".now
local THREADS <const>, N <const> = 100, 100
local barrier = threading.Barrier(THREADS + 1)

local function meet()
  for _ = 1, N do
    barrier:wait()
  end
end

local threads = {}
for i = 1, THREADS do
  threads[i] = threading.Thread { target = meet }
  threads[i]:start()
end
barrier:wait() -- all have started
local t = now()
for _ = 2, N do
  barrier:wait()
end
t = now() - t
for _, thread in ipairs(threads) do
  thread:join()
end
print(t / (N - 1))
