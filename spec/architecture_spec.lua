-- The rules of docs/architecture.md hold, and who breaks one is told.

local architecture = assert(loadfile "tools/architecture.lua")("module")
local files = require "spec.support.files"

describe("the architecture", function()
  local sources

  before_each(function()
    sources = architecture.read_sources()
  end)

  -- The faults once `text` stands at the end of a file.
  local function faults_with(file, text)
    sources[file] = assert(sources[file], file) .. text
    return architecture.check(sources)
  end

  it("is without a fault", function()
    assert.same({}, architecture.check(sources))
  end)

  it("is what its page shows", function()
    local text = files.read(architecture.PAGE)
    assert.equal(text, architecture.page(text, sources))
    for _, unit in ipairs { "os", "park", "start", "loops", "threading" } do
      assert.matches("| `" .. unit .. "` | ", text, 1, true)
    end
    assert.matches("  park --> gil\n", text, 1, true)
  end)

  -- The files of a unit, of C or of Lua, and their texts.
  local function files_of(unit)
    local found = {}
    for file, text in pairs(sources) do
      if file:find("/" .. unit .. "%.[ch]$") then
        found[file] = text
      end
    end
    local list = files.shell("find lua -name %s.lua", unit)
    for file in list:gmatch "[^\n]+" do
      found[file] = files.read(file)
    end
    return found
  end

  local function defines(unit, name)
    for file, text in pairs(files_of(unit)) do
      local is_lua = file:find "%.lua$"
      if is_lua and text:find("function " .. name .. "(", 1, true)
        or not is_lua and text:find("[ *]" .. name .. "%([^;{]*%) {") then
        return true
      end
    end
    return false
  end

  -- Calls f(unit, function) for each that a walk of the page leads through,
  -- and for each of its table of hooks.
  local function each_step(page, f)
    for block in page:gmatch "```text\n(.-)```" do
      for unit, name in block:gmatch "%f[^\n\0](%l+) +([%w_.:]+)" do
        f(unit, name)
      end
    end
    for unit, names in page:gmatch "\n| `(%l+)` (`[^|]*) |" do
      for name in names:gmatch "`([%w_]+)`" do
        f(unit, name)
      end
    end
  end

  it("has the functions that its page leads through", function()
    local n, lost = 0, {}
    each_step(files.read(architecture.PAGE), function(unit, name)
      n = n + 1
      if not defines(unit, name) then
        lost[#lost + 1] = unit .. " " .. name
      end
    end)
    assert.same({}, lost)
    assert.is_true(n > 100)
  end)

  it("leads through all of a walk and of the table", function()
    local steps = {}
    each_step("```text\nlock  lock_acquire  it\n      is\nbase  object.wait\n"
      .. "\ntcp  TCP:receive  so\n```\n| `gil` `a`, `b_c` | when |\n",
      function(unit, name)
        steps[#steps + 1] = unit .. " " .. name
      end)
    assert.same({ "lock lock_acquire", "base object.wait", "tcp TCP:receive",
      "gil a", "gil b_c" }, steps)
    assert.is_true(defines("lock", "lock_acquire"))
    assert.is_false(defines("lock", "lock_acquires"))
    assert.is_false(defines("queue", "lock_acquire"))
  end)

  it("shows an include that is new", function()
    local text = files.read(architecture.PAGE)
    local event = sources["csrc/sync/event.c"]
    sources["csrc/sync/event.c"] = '#include "data/value.h"\n' .. event
    assert.not_equal(text, architecture.page(text, sources))
  end)

  local broken = {
    { "csrc/os/os.h", '#include "gil/record.h"\n',
      "os includes record, of a higher room" },
    { "csrc/park/tickets.c", '#include "sync/condition.h"\n',
      "tickets includes condition, of a higher room" },
    { "csrc/sync/event.c", '#include "future/future.h"\n',
      "event includes future, of a higher room" },
    { "csrc/sync/event.c", '#include "data/value.h"\n', nil },
    { "csrc/future/future.h", '#include "future/workers.h"\n',
      "a circle: future workers" },
    { "csrc/loops.c", '#include "sync/lock.h"\n',
      "loops includes not threading.h alone, but: lock threading" },
    { "csrc/include/threading.h", '#include "sync/event.h"\n',
      "threading.h includes a unit" },
    { "csrc/queue/queue.c", "#include <pthread.h>\n",
      "csrc/queue/queue.c includes <pthread.h>, which only os may" },
    { "csrc/gil/gil.c", "# include <signal.h>\n",
      "csrc/gil/gil.c includes <signal.h>, which only os may" },
    { "csrc/park/park.c", "#  if defined(__APPLE__)\n#endif\n",
      "csrc/park/park.c asks for a platform, which only os may: "
        .. "#  if defined(__APPLE__)" },
    { "csrc/state/dump.h", "#ifdef __linux__\n#endif\n",
      "csrc/state/dump.h asks for a platform, which only os may: "
        .. "#ifdef __linux__" },
    { "csrc/os/os.c", "#ifdef __linux__\n#include <pty.h>\n#endif\n",
      nil },
    { "csrc/queue/queue.c", "static int f(void) { thr_sem_wait (0, 0); }\n",
      "csrc/queue/queue.c calls thr_sem_wait: it sleeps, which only gil, "
        .. "park, explore and trace may" },
    { "csrc/queue/queue.c", "/* thr_sem_wait(s, 0) */\n", nil },
    { "csrc/state/fork.c", "static int f(void) { thr_os_join(t); }\n",
      "csrc/state/fork.c calls thr_os_join: it sleeps, which only gil, "
        .. "park, explore and trace may" },
    { "csrc/kernel/toolchain.c", "int f(void) { thr_child_waitlast(c, &s); }\n",
      "csrc/kernel/toolchain.c calls thr_child_waitlast: it sleeps, which only "
        .. "a program's file may, once no thread is left" },
    { "csrc/os/stdio.c", "int f(void) { return poll(p, 1, -1); }\n",
      "csrc/os/stdio.c calls poll: it may sleep, for which os has units" },
    { "csrc/os/child.c", "int f(void) { return waitpid(p, &s, 0); }\n", nil },
    { "csrc/park/gate.c", "static int f(void) { luaL_error(0, 0); }\n",
      "csrc/park/gate.c calls luaL_error: it raises a Lua error, which no "
        .. "mechanism may" },
  }
  for _, case in ipairs(broken) do
    local file, text, fault = table.unpack(case, 1, 3)
    it(("%s %s %s"):format(fault and "forbids" or "allows", file,
      text:gsub("%c", " ")), function()
      local found = table.concat(faults_with(file, text), "\n")
      assert.equal(fault and found or "", found)
      assert.matches((fault or "") .. "\n", found .. "\n", 1, true)
    end)
  end

  it("takes a new unit where it is, and no new room", function()
    sources["csrc/park/more.c"] = ""
    assert.same({}, architecture.check(sources))
    sources["csrc/attic/more.c"], sources["csrc/park/more.c"] = "", nil
    assert.same({ "more is in attic, which is no room" },
      architecture.check(sources))
  end)

  it("has no unit of the same name in two rooms", function()
    sources["csrc/park/lock.c"] = ""
    assert.matches("lock is in two rooms: park and sync",
      table.concat(architecture.check(sources), "\n"), 1, true)
  end)

  it("bounds the size of a room", function()
    for i = 1, 14 do
      sources["csrc/data/more" .. i .. ".c"] = ""
    end
    assert.matches("data has 1%d units, more than 14",
      table.concat(architecture.check(sources), "\n"))
    for i = 1, 8 do
      sources["csrc/more" .. i .. "0.c"] = ""
    end
    assert.matches("files are in no room, more than 8",
      table.concat(architecture.check(sources), "\n"))
  end)

  it("is the map in CONTRIBUTING.md", function()
    local map = files.read "CONTRIBUTING.md"
    local named = {}
    for names in map:gmatch "\n| `([^|]+)` |" do
      for name in names:gmatch "%l+" do
        named[name] = true
      end
    end
    for file in pairs(sources) do
      local room = file:match "^csrc/(%l+)/"
      assert(not room or named[room], "CONTRIBUTING.md's map lacks "
        .. tostring(room))
    end
  end)
end)
