-- One idea: the files of a folder are compressed on every core, by a C module
-- that lets go of the lock (examples/cmodule) and a pool of threads.
--
--   lua gzip.lua FOLDER   writes FILE.gz beside each FILE

local futures = require "threading.futures"
local threading = require "threading"
local time = require "threading.time"
local zfiles = require "zfiles"

local folder = arg[1] or error "usage: gzip.lua FOLDER"

local function quote(name)
  return "'" .. name:gsub("'", "'\\''") .. "'"
end

local function files_of(name)
  local list = {}
  local pipe <close> = assert(io.popen(
    ("find %s -type f ! -name '*.gz' | sort"):format(quote(name))))
  for file in pipe:lines() do
    list[#list + 1] = file
  end
  return list
end

local function size_of(name)
  local file <close> = assert(io.open(name, "rb"))
  return file:seek "end"
end

local function compress(name)
  local ok, message = zfiles.gzip(name, name .. ".gz")
  if not ok then
    return { message = message }
  end
  return { name = name, from = size_of(name), to = size_of(name .. ".gz") }
end

local from, to, failures = 0, 0, 0
local wall, cpu = time.monotonic(), time.process_time()

local pool <close> = futures.ThreadPoolExecutor {
  max_workers = threading.cpu_count(),
}
for _, result in pool:map(compress, files_of(folder)) do
  if result.name then
    from, to = from + result.from, to + result.to
    print(("%5.1f %%  %s"):format(100 * result.to / math.max(result.from, 1),
      result.name))
  else
    failures = failures + 1
    io.stderr:write(result.message, "\n")
  end
end
wall, cpu = time.monotonic() - wall, time.process_time() - cpu
print(("%d bytes to %d, in %.2f s; CPU use %.0f %%"):format(from, to, wall,
  100 * cpu / wall))
os.exit(failures == 0, true)
