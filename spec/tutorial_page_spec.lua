-- The program that docs/tutorial.md builds runs, and prints below each block
-- what the page says. A race, a deadlock and a measurement end differently each
-- time, and so do the numbers in a report on another version of Lua.

local files = require "spec.support.files"
local pages = require "spec.support.pages"
local support = require "spec.support"

-- A word between what two blocks print.
local MARK <const> = "\1"

local function numbers(text)
  return (text:gsub("%-?%d[%d.]*", "N"))
end

local function first_line(text)
  return text:match "^[^\n]*"
end

-- What of an output is compared: by the language of its block.
local comparable = {
  text = function(text) return text end,
  races = numbers,
  measured = numbers,
  report = function(text)
    return numbers(first_line(text))
  end,
  deadlock = function(text)
    return pages.same_deadlock(text, "saver", "spender")
  end,
}

describe("docs/tutorial.md", function()
  local list = pages.blocks(files.read "docs/tutorial.md")
  local program, outputs, remove, source = {}, {}, nil, nil

  for _, block in ipairs(list) do
    if block.language == "lua" then
      program[#program + 1] = block.text
    elseif block.language == "c" then
      source = block.text
    end
  end

  local function run()
    local folder = files.folder()
    files.write(folder .. "/bank.lua", support.hurried
      .. 'io.stdout:setvbuf "no" '
      .. table.concat(program, ('io.write "%s" '):format(MARK)))
    local pipe <close> = assert(io.popen(("cd %s && %s bank.lua 2>&1"):format(
      folder, support.lua_command())))
    for text in (pipe:read "a" .. MARK):gmatch("(.-)" .. MARK) do
      outputs[#outputs + 1] = text
    end
    os.execute("rm -r " .. folder)
  end

  setup(function()
    remove = pages.build(source, "primes")
    run()
  end)

  teardown(function()
    remove()
  end)

  local n = 0
  for i, block in ipairs(list) do
    if block.language == "lua" then
      n = n + 1
      local at, shown = n, list[i + 1]
      it(("block %d prints what the page says #long"):format(n), function()
        local compare = assert(comparable[shown.language], shown.language)
        assert.equal(compare(shown.text), compare(outputs[at]))
      end)
    end
  end

  it("has an output for each block #long", function()
    assert.equal(10, n)
    assert.equal(n, #outputs)
  end)

  pages.specify_build(it, "docs/tutorial.md", "primes", "primes.so")
  pages.specify_translations(it, "docs/tutorial.md")
end)
