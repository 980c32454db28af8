-- architecture [check]: reads the `#include` lines of csrc/, and compares them
-- with the layers below; writes the picture of docs/architecture.md, or, for
-- `check`, tells where that is not what stands there.
--
-- A unit is a pair of unit.c and unit.h; the files os*.* are one. A unit may
-- include units of lower layers, and of its own layer, but not in a circle.

local keys = require "tools.keys"

local layers = { -- from the bottom up
  { "C modules", { "threading" } },
  { "the system", { "os", "testing" } },
  { "the global lock", { "tstate", "doze", "rest", "whose", "preempt",
    "gil" } },
  { "waiting", { "park", "deadlock", "waitlist", "gate", "thread",
    "closing" } },
  { "the words of the faces",
    { "blame", "finaliser", "face", "pending", "wrapper" } },
  { "data", { "elem", "heap", "items", "call", "listeners" } },
  { "objects", { "lock", "rlock", "locklike", "condition", "sema", "event",
    "barrier", "value", "array", "queue", "simplequeue", "future", "pool",
    "loading" } },
  { "the life of a Lua state", { "dump", "fork", "end", "runtime", "start",
    "handle", "attach" } },
  { "services", { "clock", "child", "coroutine", "sethook", "descriptor", "io",
    "reader", "format", "file", "program", "readline", "pollset", "compile",
    "folder", "kernel", "require" } },
  { "the modules", { "capi", "module", "loops" } },
}

-- The circles that there are, each with its reason.
local circles = {
  { { "os", "testing" }, "In the hostile build `os` asks whether a call shall "
    .. "fail; what is asked hides its names and counts by the words of `os`." },
  { { "doze", "gil", "preempt", "rest", "tstate" }, "A runtime, the record of "
    .. "a Lua state, makes its global lock and frees it; the lock's waiters "
    .. "are threads' records." },
  { { "deadlock", "park" }, "Who is about to wait asks `deadlock` whether it "
    .. "may; `deadlock` ends the wait of another by `park`." },
}

-- Beside the C standard's and Lua's own, what may be included by whom: "os"
-- alone asks the system. loops is a module as a stranger would write it.
local standard = {}
for name in ([[ctype errno float inttypes limits locale math stdarg stdatomic
    stdbool stddef stdint stdio stdlib string time
    lua lauxlib lualib]]):gmatch "%l+" do
  standard[name .. ".h"] = true
end

local PLATFORM = { "__linux__", "__APPLE__", "__GLIBC__", "__unix", "_WIN32",
  "__x86_64__", "__i386__", "__aarch64__", "BSD__", "_POSIX_VERSION" }

-- Reading ------------------------------------------------------------------

local function unit_of(file)
  local name = file:match "([^/]+)%.[ch]$"
  return name:find "^os_?" and "os" or name
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

-- unit -> set of the units that it includes
local function read_arrows(sources)
  local arrows = {}
  for file, text in pairs(sources) do
    local from = unit_of(file)
    arrows[from] = arrows[from] or {}
    for name in text:gmatch '#%s*include%s*"([^"]+)"' do
      local to = unit_of(name)
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
    local unit = unit_of(file)
    for name in text:gmatch "#%s*include%s*<([^>]+)>" do
      if unit ~= "os" and not standard[name] then
        fault("%s includes <%s>, which only os may", file, name)
      end
    end
    for line in text:gmatch "#%s*e?l?if[^\n]*" do
      for _, platform in ipairs(PLATFORM) do
        if unit ~= "os" and line:find(platform, 1, true) then
          fault("%s asks for a platform, which only os may: %s", file, line)
        end
      end
    end
  end
end

local function check_layers(arrows, fault)
  local level = {}
  for i, layer in ipairs(layers) do
    for _, unit in ipairs(layer[2]) do
      level[unit] = i
      if not arrows[unit] then
        fault("%s is in a layer, but not in csrc/", unit)
      end
    end
  end
  for _, from in ipairs(keys(arrows)) do
    if not level[from] then
      fault("%s is in no layer", from)
    end
    for _, to in ipairs(keys(arrows[from])) do
      if (level[from] or 0) < (level[to] or 0) then
        fault("%s includes %s, of a higher layer", from, to)
      end
    end
  end
end

local function check_circles(arrows, fault)
  local declared, found = {}, {}
  for _, circle in ipairs(circles) do
    declared[table.concat(circle[1], " ")] = true
  end
  for unit in pairs(arrows) do
    local circle = {}
    for other in pairs(reached(arrows, unit)) do
      circle[other] = reached(arrows, other)[unit]
    end
    found[table.concat(keys(circle), " ")] = next(circle) and true
  end
  for _, circle in ipairs(keys(found)) do
    if not declared[circle] then
      fault("a circle that is not declared: %s", circle)
    end
  end
  for _, circle in ipairs(keys(declared)) do
    if not found[circle] then
      fault("a circle is declared that is none any more: %s", circle)
    end
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
  local arrows = read_arrows(sources)
  check_files(sources, fault)
  check_layers(arrows, fault)
  check_circles(arrows, fault)
  check_strangers(arrows, fault)
  table.sort(faults)
  return faults
end

-- Drawing ------------------------------------------------------------------

-- Without the arrows that lead where others lead, too, outside of circles.
local function reduced(arrows)
  local few = {}
  for from, tos in pairs(arrows) do
    few[from] = {}
    for to in pairs(tos) do
      local implied = false
      for other in pairs(tos) do
        local on = reached(arrows, other)
        implied = implied or other ~= to and on[to] and not on[from]
          and not reached(arrows, to)[other]
      end
      few[from][to] = not implied or nil
    end
  end
  return few
end

local function draw(arrows)
  local out = { "```mermaid", "flowchart TD" }
  local function add(...)
    out[#out + 1] = string.format(...)
  end
  for i = #layers, 1, -1 do
    add('  subgraph layer%d ["%s"]', i, layers[i][1])
    for _, unit in ipairs(layers[i][2]) do
      add('    u_%s["%s"]', unit, unit)
    end
    add "  end"
  end
  local few = reduced(arrows)
  for _, from in ipairs(keys(few)) do
    for _, to in ipairs(keys(few[from])) do
      add("  u_%s --> u_%s", from, to)
    end
  end
  add "```"
  return table.concat(out, "\n")
end

-- What a unit says of itself at the head of its header, up to the first full
-- stop, semicolon or empty line.
local function says(sources, unit)
  local text = sources["csrc/" .. unit .. ".h"]
    or sources["csrc/" .. unit .. ".c"]
    or sources["csrc/include/" .. unit .. ".h"]
  local words = text:match("/%*[%s*]*[%l.]-" .. unit .. "[%l_.]*: (.-)%*/")
  if not words then
    return ""
  end
  words = words:gsub("\n%*%*%s*\n.*", ""):gsub("\n%*%*", "")
  words = words:gsub("%s+", " "):gsub("[.;] .*", ""):gsub("%.?%s*$", "")
  return words
end

local function list(sources, arrows)
  local out = { "| unit | what it is | includes |", "|---|---|---|" }
  for i = #layers, 1, -1 do
    out[#out + 1] = ("| | **%s** | |"):format(layers[i][1])
    for _, unit in ipairs(layers[i][2]) do
      out[#out + 1] = ("| `%s` | %s | %s |"):format(unit, says(sources, unit),
        table.concat(keys(arrows[unit] or {}), " "))
    end
  end
  return table.concat(out, "\n")
end

local function tell_circles()
  local out = {}
  for _, circle in ipairs(circles) do
    out[#out + 1] = ("- **%s**. %s"):format(table.concat(circle[1], ", "),
      circle[2])
  end
  return table.concat(out, "\n")
end

local PAGE <const> = "docs/architecture.md"

-- The page with what is made from the sources.
local function page(text, sources)
  local arrows = read_arrows(sources)
  local made = {
    picture = draw(arrows), units = list(sources, arrows),
    circles = tell_circles(),
  }
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
