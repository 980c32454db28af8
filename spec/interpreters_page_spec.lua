-- Every program of docs/interpreters.md runs, and prints what the page says.

local files = require "spec.support.files"
local support = require "spec.support"

local has_sockets = pcall(require, "socket")

describe("docs/interpreters.md", function()
  local programs = {}
  local page = files.read "docs/interpreters.md"
  for program, output in page:gmatch
    "\n```lua\n(.-\n)```\n\n```text\n(.-\n)```\n" do
    programs[#programs + 1] = program
    it(("program %d prints what the page says"):format(#programs), function()
      if program:find "threading.socket" and not has_sockets then
        pending "needs LuaSocket"
        return
      end
      assert.equal(output, support.output_of(program))
    end)
  end

  it("has an output for each of its programs", function()
    local _, count = page:gsub("\n```lua\n", "")
    assert.equal(5, count)
    assert.equal(count, #programs)
  end)
end)
