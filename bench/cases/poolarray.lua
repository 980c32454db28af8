-- Arrays of 100 MB to a worker process: bytes a second.
local futures = require "threading.futures"
local now = require "probe".now
local threading = require "threading"
local N <const>, TIMES <const> = 12500000, 5

local pool <close> = futures.ProcessPoolExecutor(1)
local array = threading.Array("float64", N):fill(0.5)
local function first(a)
  return a[1]
end
pool:submit(first, array):result()
local t = now()
for _ = 1, TIMES do
  assert(pool:submit(first, array):result() == 0.5)
end
print(8 * N * TIMES / (now() - t))
