-- What a spec file leaves running: threads of this process, and processes,
-- which inherit the mark that tools/test puts into the environment. Another
-- run of the specs, beside this one, has another mark.
--
-- Both are looked for in /proc: on a system that has none, nothing is found.

local MARK <const> = "TEST_MARK"
local mark = os.getenv(MARK)

-- How often it is looked, every 50 ms: what was told to end needs time.
local patience = tonumber(os.getenv "TEST_PATIENCE") or 200

local function read(name)
  local file <close> = io.open(name, "rb")
  return file and file:read "a" or ""
end

local function threads()
  return tonumber(read "/proc/self/status":match "\nThreads:%s*(%d+)") or 1
end

-- The identifiers of those that bear the mark, but for this one. The command
-- that looks has taken it off.
local function processes()
  local own, list = read "/proc/self/stat":match "^%d+", {}
  local pipe <close> = io.popen(("exec env -u %s grep -lsxzF %s=%s "
    .. "/proc/[0-9]*/environ"):format(MARK, MARK, mark))
  for pid in pipe:read "a":gmatch "%d+" do
    list[#list + 1] = pid ~= own and pid or nil
  end
  return list
end

local function describe(pid)
  return ("process %s: %s"):format(pid,
    read("/proc/" .. pid .. "/cmdline"):gsub("%z", " "))
end

-- Looks until there is nothing, or the patience is at its end.
local function last_look(look, is_nothing)
  local found
  for _ = 1, patience do
    found = look()
    if is_nothing(found) then
      break
    end
    os.execute "sleep 0.05"
  end
  return found
end

-- What is known need not be told again. ThreadSanitizer makes a thread of its
-- own when the program makes its first.
local threads_before, known = threads(), {}
if os.getenv "THREADING_SANITIZER" == "thread" then
  threads_before = threads_before + 1
end

local function new_processes()
  local list = {}
  for _, pid in ipairs(processes()) do
    list[#list + 1] = not known[pid] and pid or nil
  end
  return list
end

--- What has been left running since the last call.
-- @treturn {string,...}
local function leftovers()
  local list = {}
  if not mark then
    return list
  end
  local n = last_look(threads, function(n)
    return n <= threads_before
  end)
  if n > threads_before then
    list[1] = ("%d thread(s)"):format(n - threads_before)
  end
  threads_before = n
  for _, pid in ipairs(last_look(new_processes, function(found)
    return #found == 0
  end)) do
    known[pid] = true
    list[#list + 1] = describe(pid)
  end
  return list
end

return leftovers
