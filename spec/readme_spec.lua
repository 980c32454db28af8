-- Every program of README.md runs, and prints what README.md says.

local compiler = require "spec.support.compiler"
local files = require "spec.support.files"
local pages = require "spec.support.pages"
local support = require "spec.support"

local has_sockets = pcall(require, "socket")

-- A directory with primes.so, the README's C module.
local function build(source, directory)
  files.write(directory .. "/primes.c", source)
  compiler.module(directory .. "/primes.c", directory,
    "-O2 -Wall -Werror -Icsrc/include")
end

describe("README.md", function()
  local list = pages.blocks(files.read "README.md")
  local directory, cpath

  setup(function()
    directory = files.folder()
    for _, block in ipairs(list) do
      if block.language == "c" then
        build(block.text, directory)
      end
    end
    cpath = package.cpath
    package.cpath = directory .. "/?.so;" .. cpath
  end)

  teardown(function()
    package.cpath = cpath
    os.execute("rm -r " .. directory)
  end)

  local programs = 0
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
        end
      end)
    end
  end

  it("has programs", function()
    assert.equal(15, programs)
  end)
end)
