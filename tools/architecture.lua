-- architecture [check]: reads the `#include` lines of csrc/, and compares them
-- with the rooms below; writes the picture of docs/architecture.md, or, for
-- `check`, reports where the page is not of these sources.
--
-- A room is a folder of csrc/; a unit is a pair of unit.c and unit.h in it. A
-- unit may include units of lower rooms, and of its own room. No circles.

local keys = require "tools.keys"

local ROOT <const> = "csrc"

local rooms = { -- from the bottom up; a new unit needs no edit here
  { "include", "what C modules include" },
  { "os", "what the library asks of the operating system" },
  { "gil", "the records of states and threads, the global lock, preemption" },
  { "park", "waiting: the one door, and what stands behind it" },
  { "bind", "the words in which the Lua faces are written" },
  { "warn", "traps that are told under THREADING_DEBUG" },
  { "data", "numbers that Lua and C share" },
  { "sync", "locks, conditions, semaphores, events, barriers, clocks" },
  { "queue", "queues" },
  { "future", "calls that others make, and their outcomes" },
  { "state", "the life of a Lua state and of its threads" },
  { "io", "descriptors, files and programs" },
  { "socket", "what the sockets of threading.socket receive and send" },
  { "kernel", "C functions from a string" },
  { "explore", "who runs when, as explore chooses it" },
  { "trace", "what threads do is recorded" },
  { "cross", "Lua values on their way to another Lua state" },
  { "capi", "what C modules call by threading.h" },
  { "interp", "interpreters: Lua states that run side by side" },
  { "processes", "what goes to other processes, and comes back" },
  { ROOT, "the modules" },
}

local MAX_UNITS <const> = 14 -- of a room
local MAX_AT_ROOT <const> = 8 -- files

-- Beside the C standard's and Lua's own, what may be included by whom: the
-- room "os" alone asks the system. loops is a module as a stranger would write
-- it.
local standard = {}
for name in ([[ctype errno float inttypes limits locale math stdarg stdatomic
    stdbool stddef stdint stdio stdlib string time
    lua lauxlib lualib]]):gmatch "%l+" do
  standard[name .. ".h"] = true
end

local PLATFORM = { "__linux__", "__APPLE__", "__GLIBC__", "__unix", "_WIN32",
  "__x86_64__", "__i386__", "__aarch64__", "BSD__", "_POSIX_VERSION" }

-- Laws of CONTRIBUTING.md that a search can check: patterns of calls, and the
-- rooms and units in which they may be.
local laws = {
  { "sleeps, which only gil, park, explore and trace may",
    { "thr_sem_wait%w*", "thr_os_watch", "thr_os_join" },
    { os = true, gil = true, park = true, explore = true,
      trace = true } },
  { "sleeps, which only a program's file may, once no thread is left",
    { "thr_child_waitlast" }, { child = true, program = true } },
  { "may sleep, for which os has units",
    { "sleep", "usleep", "nanosleep", "clock_nanosleep", "p?poll", "p?select",
      "epoll_p?wait%d*", "kevent", "pthread_join", "pthread_cond_%w*wait%w*",
      "sem_%w*wait", "sigwait%w*", "sigsuspend", "waitpid",
      "waitid" },
    { child = true, poll = true, pthread = true, sem = true } },
  { "raises a Lua error, which no mechanism may",
    { "luaL_error", "lua_error", "luaL_argerror" },
    { bind = true, data = true, sync = true, queue = true, future = true,
      state = true, io = true, socket = true, kernel = true, cross = true,
      explore = true, capi = true, interp = true, processes = true,
      [ROOT] = true, include = true } },
}

-- Reading ------------------------------------------------------------------

-- "csrc/park/lot.c" -> "park", "lot"
local function place_of(file)
  local room, unit = file:match "^csrc/(%l+)/([%w_]+)%.[ch]$"
  if room then
    return room, unit
  end
  return ROOT, file:match "([%w_]+)%.[ch]$"
end

-- The files of csrc/, by name.
local function read_sources()
  local sources = {}
  local pipe = assert(io.popen "find csrc -name '*.[ch]'")
  for name in pipe:lines() do
    local f <close> = assert(io.open(name))
    sources[name] = f:read "a"
  end
  pipe:close()
  return sources
end

-- unit -> room; a unit that is in two rooms is a fault.
local function read_units(sources, fault)
  local units = {}
  for _, file in ipairs(keys(sources)) do
    local room, unit = place_of(file)
    if units[unit] and units[unit] ~= room and fault then
      fault("%s is in two rooms: %s and %s", unit, units[unit], room)
    end
    units[unit] = room
  end
  return units
end

-- unit -> set of the units that it includes
local function read_arrows(sources)
  local arrows = {}
  for file, text in pairs(sources) do
    local _, from = place_of(file)
    arrows[from] = arrows[from] or {}
    for name in text:gmatch '#%s*include%s*"([^"]+)"' do
      local to = name:match "([%w_]+)%.h$"
      arrows[from][to] = to ~= from or nil
    end
  end
  return arrows
end

-- What can be reached from a unit.
local function reached(arrows, from, seen)
  seen = seen or {}
  for to in pairs(arrows[from] or {}) do
    if not seen[to] then
      seen[to] = true
      reached(arrows, to, seen)
    end
  end
  return seen
end

-- Checking -----------------------------------------------------------------

local function check_files(sources, fault)
  for file, text in pairs(sources) do
    local room = place_of(file)
    for name in text:gmatch "#%s*include%s*<([^>]+)>" do
      if room ~= "os" and not standard[name] then
        fault("%s includes <%s>, which only os may", file, name)
      end
    end
    for line in text:gmatch "#%s*e?l?if[^\n]*" do
      for _, platform in ipairs(PLATFORM) do
        if room ~= "os" and line:find(platform, 1, true) then
          fault("%s asks for a platform, which only os may: %s", file, line)
        end
      end
    end
  end
end

-- Comments do not call.
local function code_of(text)
  return (text:gsub("/%*.-%*/", " "))
end

local function check_laws(sources, fault)
  for file, text in pairs(sources) do
    local room, unit = place_of(file)
    local code = code_of(text)
    for _, law in ipairs(laws) do
      local allowed = law[3][room] or law[3][unit]
      for _, name in ipairs(law[2]) do
        local call = not allowed and code:match("%f[%w_](" .. name
          .. ")%s*%(")
        if call then
          fault("%s calls %s: it %s", file, call, law[1])
        end
      end
    end
  end
end

local function check_rooms(sources, units, fault)
  local known, count, at_root = {}, {}, 0
  for _, room in ipairs(rooms) do
    known[room[1]] = true
  end
  for unit, room in pairs(units) do
    if not known[room] then
      fault("%s is in %s, which is no room", unit, room)
    end
    count[room] = (count[room] or 0) + 1
  end
  for file in pairs(sources) do
    at_root = at_root + (place_of(file) == ROOT and 1 or 0)
  end
  for room, n in pairs(count) do
    if room ~= ROOT and n > MAX_UNITS then
      fault("%s has %d units, more than %d", room, n, MAX_UNITS)
    end
  end
  if at_root > MAX_AT_ROOT then
    fault("%d files are in no room, more than %d", at_root, MAX_AT_ROOT)
  end
end

local function check_levels(units, arrows, fault)
  local level = {}
  for i, room in ipairs(rooms) do
    level[room[1]] = i
  end
  for _, from in ipairs(keys(arrows)) do
    for _, to in ipairs(keys(arrows[from])) do
      if not units[to] then
        fault("%s includes %s, which is not there", from, to)
      elseif (level[units[from]] or 0) < (level[units[to]] or 0) then
        fault("%s includes %s, of a higher room", from, to)
      end
    end
  end
end

local function check_circles(arrows, fault)
  local found = {}
  for unit in pairs(arrows) do
    local circle = {}
    for other in pairs(reached(arrows, unit)) do
      circle[other] = reached(arrows, other)[unit]
    end
    found[table.concat(keys(circle), " ")] = next(circle) and true
  end
  for _, circle in ipairs(keys(found)) do
    fault("a circle: %s", circle)
  end
end

-- What stands for others' modules has what they have.
local function check_strangers(arrows, fault)
  if next(arrows.threading or {}) then
    fault "threading.h includes a unit"
  end
  local of_loops = table.concat(keys(arrows.loops or {}), " ")
  if of_loops ~= "threading" then
    fault("loops includes not threading.h alone, but: %s", of_loops)
  end
end

-- @tparam table sources file name -> text
-- @treturn table faults, in words
local function check(sources)
  local faults = {}
  local function fault(...)
    faults[#faults + 1] = string.format(...)
  end
  local units, arrows = read_units(sources, fault), read_arrows(sources)
  check_files(sources, fault)
  check_laws(sources, fault)
  check_rooms(sources, units, fault)
  check_levels(units, arrows, fault)
  check_circles(arrows, fault)
  check_strangers(arrows, fault)
  table.sort(faults)
  return faults
end

-- Drawing ------------------------------------------------------------------

-- room -> set of the rooms that its units include units of
local function arrows_of_rooms(units, arrows)
  local between = {}
  for from, tos in pairs(arrows) do
    local room = units[from]
    between[room] = between[room] or {}
    for to in pairs(tos) do
      between[room][units[to]] = units[to] ~= room or nil
    end
  end
  return between
end

-- Without the arrows that lead where others lead, too.
local function reduced(arrows)
  local few = {}
  for from, tos in pairs(arrows) do
    few[from] = {}
    for to in pairs(tos) do
      local implied = false
      for other in pairs(tos) do
        implied = implied or other ~= to and reached(arrows, other)[to]
      end
      few[from][to] = not implied or nil
    end
  end
  return few
end

local function units_in(units, room)
  local list = {}
  for _, unit in ipairs(keys(units)) do
    if units[unit] == room then
      list[#list + 1] = unit
    end
  end
  return list
end

local function draw(sources)
  local units = read_units(sources)
  local out = { "```mermaid", "flowchart TD" }
  for i = #rooms, 1, -1 do
    local room = rooms[i][1]
    out[#out + 1] = ('  %s["<b>%s</b><br>%s"]'):format(room, room,
      table.concat(units_in(units, room), " "))
  end
  local few = reduced(arrows_of_rooms(units, read_arrows(sources)))
  for _, from in ipairs(keys(few)) do
    for _, to in ipairs(keys(few[from])) do
      out[#out + 1] = ("  %s --> %s"):format(from, to)
    end
  end
  out[#out + 1] = "```"
  return table.concat(out, "\n")
end

-- What a unit says of itself at the head of its header, up to the first full
-- stop, semicolon or empty line.
local function says(sources, room, unit)
  local base = (room == ROOT and ROOT or "csrc/" .. room) .. "/" .. unit
  local text = sources[base .. ".h"] or sources[base .. ".c"]
  local words = text:match("/%*[%s*]*[%l._]-" .. unit .. "[%l_.]*: (.-)%*/")
  if not words then
    return ""
  end
  words = words:gsub("\n%*%*%s*\n.*", ""):gsub("\n%*%*", "")
  words = words:gsub("%s+", " "):gsub("[.;] .*", ""):gsub("%.?%s*$", "")
  return words
end

local function list(sources)
  local units, arrows = read_units(sources), read_arrows(sources)
  local out = { "| unit | what it is | includes |", "|---|---|---|" }
  for i = #rooms, 1, -1 do
    local room, about = rooms[i][1], rooms[i][2]
    out[#out + 1] = ("| **%s** | **%s** | |"):format(room, about)
    for _, unit in ipairs(units_in(units, room)) do
      out[#out + 1] = ("| `%s` | %s | %s |"):format(unit,
        says(sources, room, unit), table.concat(keys(arrows[unit]), " "))
    end
  end
  return table.concat(out, "\n")
end

local PAGE <const> = "docs/architecture.md"

-- The page with what is made from the sources.
local function page(text, sources)
  local made = { picture = draw(sources), units = list(sources) }
  return (text:gsub("(<!%-%- made: (%l+) %-%->\n).-(<!%-%- end %-%->)",
    function(head, name, foot)
      return ("%s%s\n%s"):format(head, made[name], foot)
    end))
end

if ... == "module" then
  return { check = check, page = page, read_sources = read_sources,
    PAGE = PAGE }
end

local function read_page()
  local f <close> = assert(io.open(PAGE))
  return f:read "a"
end

local sources = read_sources()
local faults = check(sources)
local before = read_page()
local after = page(before, sources)
if ... == "check" then
  if before ~= after then
    faults[#faults + 1] = PAGE .. " is not of these sources: run "
      .. "`lua tools/architecture.lua`"
  end
elseif before ~= after then
  local f <close> = assert(io.open(PAGE, "w"))
  f:write(after)
end
for _, fault in ipairs(faults) do
  io.stderr:write("architecture: ", fault, "\n")
end
os.exit(#faults == 0)
