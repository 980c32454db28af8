-- Every program of docs/compile.md runs, and prints what the page says.

local files = require "spec.support.files"
local support = require "spec.support"

describe("docs/compile.md", function()
  local programs = {}
  local page = files.read "docs/compile.md"
  for program, output in page:gmatch
    "\n```lua\n(.-\n)```\n\n```text\n(.-\n)```\n" do
    programs[#programs + 1] = program
    it(("program %d prints what the page says"):format(#programs), function()
      assert.equal(output, support.output_of(program))
    end)
  end

  it("has an output for each of its programs", function()
    local _, count = page:gsub("\n```lua\n", "")
    assert.equal(5, count)
    assert.equal(count, #programs)
  end)
end)
