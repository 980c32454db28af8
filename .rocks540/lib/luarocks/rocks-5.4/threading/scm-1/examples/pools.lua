-- One idea: a program outgrows one core, one process, one machine, and what
-- changes is the name of its pool.
--
--   lua pools.lua [ThreadPoolExecutor | InterpreterPoolExecutor |
--                  ProcessPoolExecutor]
--   mpirun -n 9 lua -lthreading.mpi pools.lua MPIPoolExecutor

local futures = require "threading.futures"
local time = require "threading.time"

local name = arg[1] or "ProcessPoolExecutor"
local new = futures[name] or error("there is no pool " .. name)

-- Of n points in a square, how many are in the circle.
local function hits(seed)
  local inside, n = 0, 200000
  local state = seed * 0x9e3779b97f4a7c15
  local function random() -- splitmix64: Lua's own is shared by threads
    state = state + 0x9e3779b97f4a7c15
    local z = (state ~ state >> 30) * 0xbf58476d1ce4e5b9
    z = (z ~ z >> 27) * 0x94d049bb133111eb
    return ((z ~ z >> 31) >> 11) * 0x1p-53
  end
  for _ = 1, n do
    local x, y = random(), random()
    if x * x + y * y < 1 then
      inside = inside + 1
    end
  end
  return inside, n
end

local function count_words(file)
  local words = {}
  for line in io.lines(file) do
    for word in line:lower():gmatch "%a[%a']*" do
      words[word] = (words[word] or 0) + 1
    end
  end
  return words
end

local function estimate(pool)
  local seeds, inside, points = {}, 0, 0
  for i = 1, 20 do
    seeds[i] = i
  end
  for _, k, n in pool:map(hits, seeds) do
    inside, points = inside + k, points + n
  end
  print(("pi is about %.3f"):format(4 * inside / points))
end

local function count(pool, files)
  local total, most = {}, nil
  for _, words in pool:map(count_words, files, { chunksize = 4 }) do
    for word, n in pairs(words) do
      total[word] = (total[word] or 0) + n
    end
  end
  for word, n in pairs(total) do
    if not most or n > total[most] or n == total[most] and word < most then
      most = word
    end
  end
  print(("'%s' is there %d times, in %d files"):format(most, total[most],
    #files))
end

local function documents()
  local list = {}
  for file in io.popen "ls README.md docs/*.md":lines() do
    list[#list + 1] = file
  end
  return list
end

local start = time.monotonic()
do
  local pool <close> = new()
  estimate(pool)
  count(pool, documents())
end
print(("%.2f s with a %s"):format(time.monotonic() - start, name))
