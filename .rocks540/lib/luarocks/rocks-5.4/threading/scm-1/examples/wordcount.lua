-- One idea: Lua on every core. Each worker of the pool is an interpreter, a Lua
-- state of its own; what goes to it and comes back is copied.
--
--   lua wordcount.lua FILE...   counts the words of these files
--   lua wordcount.lua           counts those of the library's own documents

local futures = require "threading.futures"
local threading = require "threading"
local time = require "threading.time"

local cores <const> = threading.cpu_count()

-- Runs in an interpreter: it sees its arguments, and what it requires there.
local function count(name)
  local words = {}
  local file <close> = assert(io.open(name))
  for line in file:lines() do
    for word in line:lower():gmatch "%a[%a']*" do
      words[word] = (words[word] or 0) + 1
    end
  end
  return words
end

local function documents()
  local list = {}
  for name in io.popen "ls README.md docs/*.md lua/threading/*.lua":lines() do
    list[#list + 1] = name
  end
  return list
end

local names = #arg > 0 and arg or documents()
local total, start = {}, time.monotonic()
do
  local pool <close> = futures.InterpreterPoolExecutor { max_workers = cores }
  for _, words in pool:map(count, names) do
    for word, n in pairs(words) do
      total[word] = (total[word] or 0) + n
    end
  end
end
local used = time.monotonic() - start

local list, sum = {}, 0
for word, n in pairs(total) do
  list[#list + 1] = word
  sum = sum + n
end
table.sort(list, function(a, b)
  return total[a] > total[b] or total[a] == total[b] and a < b
end)
print(("%d words, %d different, in %d files: %.2f s on %d cores")
  :format(sum, #list, #names, used, cores))
for k = 1, math.min(10, #list) do
  print(("%6d %s"):format(total[list[k]], list[k]))
end
