-- poolmap.lua POOL: calls a second of a map with chunks, on two workers.
local futures = require "threading.futures"
local now = require "probe".now
local N <const> = 100000

local list = {}
for i = 1, N do
  list[i] = i - 1
end
local pool <close> = futures[arg[1]] { max_workers = 2 }
pool:submit(math.abs, 1):result()
local t, sum = now(), 0
for _, x in pool:map(math.abs, list, { chunksize = 100 }) do
  sum = sum + x
end
assert(sum == N * (N - 1) // 2)
print(N / (now() - t))
