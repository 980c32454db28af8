-- One idea: a C module that lets go of the lock (zfiles.c) compresses as many
-- files at once as there are cores.
--
--   lua5.4 compress.lua FILE ...   writes FILE.gz, and tells checksums

local threading = require "threading"
local zfiles = require "zfiles"

local function compress(name)
  local sum, message = zfiles.crc32(name)
  if not sum then
    return nil, message
  end
  local ok
  ok, message = zfiles.gzip(name, name .. ".gz")
  return ok and sum, message
end

local files = arg
local sums, failures = {}, {}

-- As many parts as files: whoever is ready takes the next one.
threading.parallel_for(1, #files, function(first, last)
  for i = first, last do
    sums[i], failures[i] = compress(files[i])
  end
end, { parts = math.max(#files, 1) })

for i, name in ipairs(files) do
  if sums[i] then
    print(("%08x  %s"):format(sums[i], name))
  else
    io.stderr:write(failures[i], "\n")
  end
end
os.exit(next(failures) == nil, true)
