-- One idea: interpreters that share memory. The lines of a log go through a
-- queue to an interpreter on each core, in batches; what they count goes into
-- one Array, which all of them see, without a copy.
--
--   lua logs.lua FILE   reads the log of a web server
--   lua logs.lua        reads one of 200,000 lines that it makes up

local interpreters = require "threading.interpreters"
local threading = require "threading"

local BATCH <const>, CORES <const> = 500, threading.cpu_count()
local HOURS <const> = 24

-- Runs in each interpreter. The lock is one for all, too.
local function crunch(lines, lock, hits, errors, bytes)
  local batch = lines:get()
  while batch do
    local seen, failed, sum = {}, {}, 0
    for _, line in ipairs(batch) do
      local hour, status, size =
        line:match "%[[^:]+:(%d%d):.-%] \".-\" (%d%d%d) (%d+)"
      if hour then
        hour = hour + 1
        seen[hour] = (seen[hour] or 0) + 1
        if tonumber(status) >= 500 then
          failed[hour] = (failed[hour] or 0) + 1
        end
        sum = sum + size
      end
    end
    do
      local _ <close> = lock:guard()
      for hour, n in pairs(seen) do
        hits[hour] = hits[hour] + n
        errors[hour] = errors[hour] + (failed[hour] or 0)
      end
      bytes.value = bytes.value + math.tointeger(sum)
    end
    batch = lines:get()
  end
end

local function made_up(n)
  math.randomseed(1)
  local k = 0
  return function()
    k = k + 1
    return k <= n and ("10.0.0.%d - - [01/Jan/2026:%02d:00:00 +0000] "
      .. "\"GET /page/%d HTTP/1.1\" %d %d"):format(math.random(254),
      math.random(0, HOURS - 1), math.random(1000),
      math.random(20) == 1 and 503 or 200, math.random(9999)) or nil
  end
end

local hits = threading.Array("int64", HOURS)
local errors = threading.Array("int64", HOURS)
local bytes = threading.Value("int64", 0)
local lock = threading.Lock()
local lines = interpreters.create_queue(4 * CORES)

local readers = {}
for n = 1, CORES do
  local i = interpreters.create()
  readers[n] = i:call_in_thread(crunch, lines, lock, hits, errors,
    bytes)
end

local batch = {}
for line in arg[1] and io.lines(arg[1]) or made_up(200000) do
  batch[#batch + 1] = line
  if #batch == BATCH then
    lines:put(batch)
    batch = {}
  end
end
lines:put(batch)
for _ = 1, CORES do
  lines:put(false)
end
for _, reader in ipairs(readers) do
  reader:join()
end

for hour = 1, HOURS do
  print(("%02d:00 %7d requests, %5d failed"):format(hour - 1, hits[hour],
    errors[hour]))
end
print(("%d bytes"):format(bytes.value))
