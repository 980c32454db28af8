-- The C of docs/c.md compiles, and its programs print what the page says.

local compiler = require "spec.support.compiler"
local files = require "spec.support.files"
local pages = require "spec.support.pages"
local support = require "spec.support"

describe("docs/c.md", function()
  local list = pages.blocks(files.read "docs/c.md")
  local removers, folder = {}, nil

  setup(function()
    folder = files.folder()
    for _, block in ipairs(list) do
      local name = block.language == "c" and block.text:match "^/%* (%w+)%.c"
      if name == "host" then
        files.write(folder .. "/host.c", block.text)
      elseif name then
        removers[#removers + 1] = pages.build(block.text, name)
      end
    end
  end)

  teardown(function()
    for i = #removers, 1, -1 do
      removers[i]()
    end
    os.execute("rm -r " .. folder)
  end)

  -- A host has no arguments, and finds its script where it is.
  local function output_of_host(script)
    files.write(folder .. "/script.lua", script)
    local host = compiler.host(folder .. "/host.c", folder .. "/host",
      "-O2 -Wall -Wextra -Werror")
    if not host then
      return
    end
    return (files.shell("cd %s && %s", folder, (support.lua_command()
      :gsub("%S+$", "./host")))) .. "\n"
  end

  local programs = 0
  for i, block in ipairs(list) do
    if block.language == "lua" then
      programs = programs + 1
      it(("program %d prints what the page says"):format(programs), function()
        local is_script = block.text:find "^%-%- script%.lua"
        local out = (is_script and output_of_host or support.output_of)(
          block.text)
        if not out then
          pending "needs the library of this Lua"
          return
        end
        assert.equal("text", list[i + 1].language)
        assert.equal(list[i + 1].text, out)
      end)
    end
  end

  pages.specify_build(it, "docs/c.md", "primes", "primes.so")
  pages.specify_build(it, "docs/c.md", "host", "host")

  it("has a program for each module and host", function()
    assert.equal(5, programs)
    assert.equal(programs - 1, #removers)
  end)
end)
