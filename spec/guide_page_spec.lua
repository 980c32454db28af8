-- Every program of docs/guide.md runs, and prints what the page says.

local files = require "spec.support.files"
local pages = require "spec.support.pages"
local support = require "spec.support"

local has_sockets = pcall(require, "socket")

describe("docs/guide.md", function()
  local page = files.read "docs/guide.md"
  local list, programs = pages.blocks(page), 0

  for i, block in ipairs(list) do
    if block.language == "lua" then
      programs = programs + 1
      local long = block.text:find "%d000000" and " #long" or ""
      it(("program %d runs"):format(programs) .. long, function()
        if block.text:find "threading%.socket" and not has_sockets then
          pending "needs LuaSocket"
          return
        end
        local out = support.output_of(support.hurried .. block.text)
        local expected = list[i + 1]
        if expected and expected.language == "text" then
          assert.equal(expected.text, out)
        elseif expected and expected.language == "deadlock" then
          assert.equal(pages.same_deadlock(expected.text, "t1", "t2"),
            pages.same_deadlock(out, "t1", "t2"))
        end
      end)
    end
  end

  -- A new public name has its place in the table.
  for _, name in ipairs { "threading", "threading.explore",
    "threading.futures", "threading.interpreters", "threading.log",
    "threading.loops", "threading.queue", "threading.time",
    "threading.trace" } do
    it("names all that there is in " .. name, function()
      local there = page:match "\n## What is there\n(.-)\n## "
      for word in pairs(require(name)) do
        assert.is_truthy(word:find "^_"
          or there:find(("%%f[%%w_]%s%%f[^%%w_]"):format(word)), word)
      end
    end)
  end

  it("has programs", function()
    assert.equal(15, programs)
  end)
end)
