-- Every program of README.md runs, and prints what README.md says.

local compiler = require "spec.support.compiler"
local files = require "spec.support.files"
local support = require "spec.support"

local has_sockets = pcall(require, "socket")

-- The blocks of the file in their order: lists of language and text.
local function blocks(text)
  local list = {}
  for language, body in text:gmatch "\n```(%l+)\n(.-)\n```" do
    list[#list + 1] = { language = language, body = body }
  end
  return list
end

-- A directory with primes.so, the README's C module.
local function build(source, directory)
  files.write(directory .. "/primes.c", source .. "\n")
  compiler.module(directory .. "/primes.c", directory,
    "-O2 -Wall -Werror -Icsrc/include")
end

describe("README.md", function()
  local list = blocks(files.read "README.md")
  local directory, cpath

  setup(function()
    directory = files.folder()
    for _, block in ipairs(list) do
      if block.language == "c" then
        build(block.body, directory)
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
      local long = block.body:find "%d000000" and " #long" or ""
      it(("program %d runs"):format(programs) .. long, function()
        if block.body:find "threading%.socket" and not has_sockets then
          pending "needs LuaSocket"
          return
        end
        local out = support.output_of(support.hurried .. block.body)
        local expected = list[i + 1]
        if expected and expected.language == "text" then
          assert.equal(expected.body .. "\n", out)
        end
      end)
    end
  end

  it("has programs", function()
    assert.equal(15, programs)
  end)
end)
