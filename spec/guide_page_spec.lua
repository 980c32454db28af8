-- Every program of docs/guide.md runs, and prints what the page says.

local files = require "spec.support.files"
local pages = require "spec.support.pages"
local support = require "spec.support"

local has_sockets = pcall(require, "socket")

describe("docs/guide.md", function()
  local list, programs = pages.blocks(files.read "docs/guide.md"), 0

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

  it("has programs", function()
    assert.equal(15, programs)
  end)
end)
