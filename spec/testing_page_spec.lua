-- Every program of docs/testing.md runs, and prints what the page says. How
-- many steps a program has depends on the version of Lua: of a report the
-- numbers may be others.

local files = require "spec.support.files"
local pages = require "spec.support.pages"
local support = require "spec.support"

local function first_line(report)
  return (report:match("^[^\n]*"):gsub("%-?%d+", "N"))
end

describe("docs/testing.md", function()
  local list = pages.blocks(files.read "docs/testing.md")
  local folder, n = nil, 0

  setup(function()
    folder = files.folder()
  end)

  teardown(function()
    os.execute("rm -r " .. folder)
  end)

  local function output_of(program)
    files.write(folder .. "/race.lua", program)
    local pipe <close> = assert(io.popen("cd " .. folder .. " && "
      .. support.lua_command() .. " race.lua"))
    return pipe:read "a"
  end

  for i, block in ipairs(list) do
    if block.language == "lua" then
      n = n + 1
      it(("program %d prints what the page says"):format(n), function()
        local expected, out = list[i + 1], output_of(block.text)
        if expected.language == "report" then
          assert.equal(first_line(expected.text), first_line(out))
        else
          assert.equal(expected.text, out)
        end
      end)
    end
  end

  it("has programs", function()
    assert.equal(4, n)
  end)

  it("shows what the first program prints with a lock", function()
    local program, changed = list[1].text:gsub("transfer%(nil%)",
      "transfer(threading.Lock())")
    assert.equal(1, changed)
    assert.equal("report", list[3].language)
    assert.equal(first_line(list[3].text), first_line(output_of(program)))
  end)
end)
