-- Calls made by one other rank: seconds of one that is waited for; then how
-- many a second a map makes in chunks.

local mpi = require "threading.mpi"
local time = require "threading.time"

local CALLS <const>, ITEMS <const>, CHUNK <const> = 2000, 100000, 250

local function add_one(x)
  return x + 1
end

local pool <close> = mpi.MPIPoolExecutor()

local function submit()
  for i = 1, CALLS do
    pool:submit(add_one, i):result()
  end
end

local function map(list)
  local sum = 0
  for _, x in pool:map(add_one, list, { chunksize = CHUNK }) do
    sum = sum + x
  end
  return sum
end

local list = {}
for i = 1, ITEMS do
  list[i] = i
end
submit()
local start = time.perf_counter()
submit()
local taken = (time.perf_counter() - start) / CALLS
map(list)
start = time.perf_counter()
assert(map(list) == ITEMS * (ITEMS + 1) // 2 + ITEMS)
print(taken, ITEMS / (time.perf_counter() - start))
