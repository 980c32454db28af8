--- Pages of the documentation whose programs are run.

local assert = require "luassert"
local compiler = require "spec.support.compiler"
local files = require "spec.support.files"
local support = require "spec.support"

local pages = {}

--- The blocks of a page in their order.
-- @treturn table lists of `language` and `text`
function pages.blocks(page)
  local list = {}
  for language, text in page:gmatch "\n```(%l+)\n(.-\n)```" do
    list[#list + 1] = { language = language, text = text }
  end
  return list
end

--- Specifies a page on which each program is followed by its output; `it` is
-- busted's.
-- @tparam string name its file
-- @tparam integer programs how many it has
-- @tparam[opt=support.output_of] function run returns what a program prints
function pages.specify(it, name, programs, run)
  local page, n = files.read(name), 0
  for program, output in page:gmatch
    "\n```lua\n(.-)\n```\n\n```text\n(.-\n)```\n" do
    n = n + 1
    it(("program %d prints what the page says"):format(n), function()
      assert.equal(output, (run or support.output_of)(program))
    end)
  end

  it("has an output for each of its programs", function()
    local _, count = page:gsub("\n```lua\n", "")
    assert.equal(programs, count)
    assert.equal(count, n)
  end)
end

--- What of a report of a deadlock, and of what the program prints after it, is
-- the same each time: one of two threads gets the error, and the other one may
-- print before it.
-- @tparam string text
-- @tparam string ... the names of the threads
-- @treturn string its lines, sorted
function pages.same_deadlock(text, ...)
  local lines = {}
  text = text:gsub("stack traceback:\n.-\n%f[^\n\t]", "")
    :gsub("%S+:(%d+)", "FILE:%1")
  for _, name in ipairs { ... } do
    text = text:gsub(name, "NAME")
  end
  for line in text:gmatch "[^\n]+" do
    lines[#lines + 1] = line
  end
  table.sort(lines)
  return table.concat(lines, "\n")
end

--- Compiles a page's C module, for this process and those that it starts.
-- @tparam string source the module's text
-- @tparam string name the module's name
-- @treturn function removes it
function pages.build(source, name)
  local folder, cpath = files.folder(), package.cpath
  local file = ("%s/%s.c"):format(folder, name)
  files.write(file, source)
  compiler.module(file, folder, "-O2 -Wall -Wextra -Werror -Icsrc/include")
  package.cpath = folder .. "/?.so;" .. cpath
  return function()
    package.cpath = cpath
    os.execute("rm -r " .. folder)
  end
end

local function exists(name)
  local file = io.open(name)
  return file and file:close()
end

--- Specifies that a page's commands compile its C file. They are those for
-- Debian's Lua 5.4.
-- @tparam string name the page's file
-- @tparam string source the C file's name, without `.c`
-- @tparam string made what the commands make of it
function pages.specify_build(it, name, source, made)
  it("compiles " .. source .. ".c as it says", function()
    if _VERSION ~= "Lua 5.4" or not exists "/usr/include/lua5.4/lua.h"
      or support.interpreter():match "[^/]+$" ~= "lua5.4" then
      pending "needs Debian's Lua 5.4"
      return
    end
    local folder, commands = files.folder(), nil
    for _, block in ipairs(pages.blocks(files.read(name))) do
      if block.language == "c" and (block.text:find("/* " .. source, 1, true)
        or not block.text:find "^/%*") then
        files.write(("%s/%s.c"):format(folder, source), block.text)
      elseif block.language == "sh" and block.text:find(made, 1, true) then
        commands = block.text
      end
    end
    local said, ok = files.shell("cd %s && %s test -s %s", folder, commands,
      made)
    os.execute("rm -r " .. folder)
    assert.is_true(ok, said)
  end)
end

local LANGUAGES <const> = { "zh-CN" }

--- Specifies that a page has the same blocks in each language.
-- @tparam string name its file in English
function pages.specify_translations(it, name)
  for _, language in ipairs(LANGUAGES) do
    local other = name:gsub("%.md$", "." .. language .. ".md")
    if exists(other) then
      it("has the same programs in " .. language, function()
        assert.same(pages.blocks(files.read(name)),
          pages.blocks(files.read(other)))
      end)
    end
  end
end

return pages
