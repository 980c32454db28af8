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
    for _, unit in ipairs { "os", "park", "end", "loops", "threading" } do
      assert.matches("u_" .. unit .. '["' .. unit .. '"]', text, 1, true)
      assert.matches("| `" .. unit .. "` | ", text, 1, true)
    end
    assert.matches("u_gate --> u_park\n", text, 1, true)
  end)

  it("has the functions that its page leads through", function()
    local n = 0
    for block in files.read(architecture.PAGE):gmatch "```text\n(.-)```" do
      for unit, name in block:gmatch "%f[^\n\0](%l+) +([%l_]+)" do
        local text = ""
        for file, source in pairs(sources) do
          if file:find("/" .. unit .. "[%l_]*%.[ch]$") then
            text = text .. source
          end
        end
        assert(text:find("[ *]" .. name .. "%([^;{]*%) {"), unit .. " has no "
          .. name)
        n = n + 1
      end
    end
    assert.equal(22, n)
  end)

  it("shows an include that is new", function()
    local text = files.read(architecture.PAGE)
    sources["csrc/event.c"] = '#include "value.h"\n' .. sources["csrc/event.c"]
    assert.not_equal(text, architecture.page(text, sources))
  end)

  local broken = {
    { "csrc/os.h", '#include "tstate.h"\n',
      "os includes tstate, of a higher layer" },
    { "csrc/waitlist.c", '#include "condition.h"\n',
      "waitlist includes condition, of a higher layer" },
    { "csrc/event.c", '#include "future.h"\n#include "face.h"\n', nil },
    { "csrc/queue.c", '#include "pool.h"\n',
      "a circle that is not declared: future pool queue simplequeue" },
    { "csrc/loops.c", '#include "lock.h"\n',
      "loops includes not threading.h alone, but: lock threading" },
    { "csrc/include/threading.h", '#include "event.h"\n',
      "threading.h includes a unit" },
    { "csrc/queue.c", "#include <pthread.h>\n",
      "csrc/queue.c includes <pthread.h>, which only os may" },
    { "csrc/gil.c", "# include <signal.h>\n",
      "csrc/gil.c includes <signal.h>, which only os may" },
    { "csrc/park.c", "#  if defined(__APPLE__)\n#endif\n",
      "csrc/park.c asks for a platform, which only os may: "
        .. "#  if defined(__APPLE__)" },
    { "csrc/dump.h", "#ifdef __linux__\n#endif\n",
      "csrc/dump.h asks for a platform, which only os may: #ifdef __linux__" },
    { "csrc/os_process.c", "#ifdef __linux__\n#include <pty.h>\n#endif\n",
      nil },
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

  it("knows every unit", function()
    sources["csrc/more.c"] = ""
    assert.same({ "more is in no layer" }, architecture.check(sources))
    sources["csrc/more.c"], sources["csrc/heap.c"] = nil, nil
    sources["csrc/heap.h"], sources["csrc/items.c"] = nil, nil
    sources["csrc/items.h"] = ""
    assert.same({ "heap is in a layer, but not in csrc/" },
      architecture.check(sources))
  end)

  it("keeps no circle that has gone", function()
    sources["csrc/deadlock.h"], sources["csrc/deadlock.c"] = "", ""
    assert.same({ "a circle is declared that is none any more: deadlock park" },
      architecture.check(sources))
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
      local unit = file:match "([%l]+)[%l_]*%.[ch]$"
      assert(named[unit] or unit == "threading",
        "CONTRIBUTING.md's map lacks " .. unit)
    end
  end)
end)
