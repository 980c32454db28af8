-- What was translated is kept: the next program that has the same function and
-- types loads no translator. Each program here is a process of its own.

local files = require "spec.support.files"
local sources = require "threading.compile.sources"
local support = require "spec.support"

local folder

-- The output of a program, whose cache is the folder; and whether it has
-- translated anything.
local function run(program, before)
  local text = support.output_of([[
    package.path = (os.getenv "LIBRARY" or "") .. package.path
    local threading = require "threading"
    ]] .. program .. [[
    print(package.loaded["threading.compile.translate"] and "translated"
      or "recorded")
  ]], { before = ("export XDG_CACHE_HOME=%s %s"):format(folder,
    before or "") })
  local output, how = text:match "^(.-)(%l+)\n$"
  return output, how == "translated"
end

-- Runs a program twice: the first translates, and the second does not.
local function twice(program)
  local output, is_translated = run(program)
  assert.is_true(is_translated)
  local again
  again, is_translated = run(program)
  assert.is_false(is_translated)
  assert.equal(output, again)
  return output
end

describe("a record", function()
  before_each(function()
    folder = files.folder()
  end)
  after_each(function()
    files.shell("rm -r %s", folder)
  end)

  it("serves the next program", function()
    assert.equal("5\t2.5\n", twice [[
      local f = threading.compile(function(a)
        local s = 0
        for i = 1, #a do
          s = s + a[i]
        end
        return s
      end)
      print(f(threading.Array("int8", { 2, 3 })),
        f(threading.Array("float64", { 1, 1.5 })))
    ]])
  end)

  it("has what versions() and c() give", function()
    local text = twice [[
      local limit = 3
      local f = threading.compile(function(a)
        return a < limit and math.floor(a) or a
      end)
      f(1)
      f(1.5)
      limit = 3.5
      f(1.5)
      for _, version in ipairs(f:versions()) do
        print(version.types, table.concat(version.results, " "),
          version.blocks, table.concat(version.why, "; "))
      end
      print(f:c())
      print(f:c "integer")
    ]]
    assert.matches("upvalue 'limit': float, was integer", text, 1, true)
  end)

  it("serves functions that are called, and call themselves", function()
    assert.equal("832040\t-4\n", twice [[
      local function fib(n)
        return n < 2 and n or fib(n - 1) + fib(n - 2)
      end
      local lib = { halve = threading.compile(function(x) return x // 2 end) }
      print(threading.compile(fib)(30), threading.compile(function(x)
        return lib.halve(x)
      end)(-7))
    ]])
  end)

  it("raises Lua's errors, for which the translator is loaded", function()
    local program = [[
      local t = { f = function(a, b)
        local x = a + 1
        return x // b
      end }
      local f = threading.compile(function(a, b) return t.f(a, b) + 1 end)
      print(pcall(t.f, 1, 0))
      print(pcall(f, 1, 0))
      print(pcall(t.f, nil, 2))
      print(pcall(f, nil, 2))
      t.f = nil
      print(pcall(f, 1, 2))
    ]]
    for _ = 1, 2 do
      local output, is_translated = run(program)
      assert.is_true(is_translated)
      local first, second, third, fourth, last = output:match(
        "(.-)\n(.-)\n(.-)\n(.-)\n(.-)\n")
      assert.matches(":%d+: attempt to ", first)
      assert.equal(first, second)
      assert.matches("arithmetic on a nil value (local 'a')", third, 1, true)
      assert.equal(third, fourth)
      assert.matches("attempt to call a nil value (field 'f')", last, 1, true)
    end
  end)

  -- By the number that the program is given.
  local function chosen(program)
    return function(n)
      return run(program:gsub("%%n",
        "(tonumber(os.getenv 'CHOICE'))"), "CHOICE=" .. n)
    end
  end

  it("is not used where what it reads is another; it has variants", function()
    local choose = chosen [[
      local c = %n
      local one, other = { x = 1 }, { x = 20 }
      local function same(x) return x + 1 end
      local function twin(x) return x + 1 end
      local a = ({ one, one, one, one, one })[c]
      local b = ({ one, other, other, { x = 0.5 }, other })[c]
      local g = ({ same, same, function(x) return x + 2 end, twin,
        math.abs })[c]
      local f = threading.compile(function(x)
        return a.x + b.x + g(x) + same(x)
      end)
      print(f(100))
    ]]
    local results = { "204\n", "223\n", "224\n", "203.5\n", "222\n" }
    for n, result in ipairs(results) do
      local output, is_translated = choose(n)
      assert.equal(result, output)
      assert.is_true(is_translated)
    end
    for n, result in ipairs(results) do
      local output, is_translated = choose(n)
      assert.equal(result, output)
      assert.is_false(is_translated)
    end
  end)

  it("tells apart one table by two names, and two tables", function()
    local choose = chosen [[
      local a = { x = 1 }
      local b = %n == 1 and a or { x = 1 }
      local f = threading.compile(function()
        return a.x + b.x
      end)
      f()
      b.x = 5
      print(f())
    ]]
    assert.equal("10\n", (choose(1)))
    assert.equal("6\n", (choose(2)))
    assert.equal("10\n", (choose(1)))
  end)

  it("keeps eight variants", function()
    local choose = chosen [[
      local function g(x) return x end
      g = load("return function(x) return x + " .. %n .. " end")()
      print(threading.compile(function(x) return g(x) end)(0))
    ]]
    for n = 1, 10 do
      assert.equal(n .. "\n", (choose(n)))
    end
    local _, is_translated = choose(3)
    assert.is_false(is_translated)
    _, is_translated = choose(1)
    assert.is_true(is_translated)
  end)

  it("that is damaged is made anew", function()
    local program = [[
      print(threading.compile(function(a) return a + 5 end)(1))
    ]]
    assert.equal("6\n", twice(program))
    local name = files.shell("ls %s/threading/*.record", folder)
    local sound = files.read(name)
    for _, damage in ipairs { "", "rubbish", sound:sub(1, #sound // 2),
      sound:sub(1, 99) .. "\0" .. sound:sub(101), ("\0"):rep(30) } do
      files.write(name, damage)
      assert.equal("6\n", twice(program))
      assert.equal(sound, files.read(name))
    end
  end)

  it("of another translator is not used", function()
    local program = [[
      local f = threading.compile(function(a) return a + 5 end)
      print(f(1), f:c():find("another", 1, true) ~= nil)
    ]]
    assert.equal("6\tfalse\n", twice(program))
    local library = package.searchpath("threading.compile.sources",
      package.path):match "^(.*)/threading/compile/"
    files.shell("mkdir %s/lua; cp -r %s/threading %s/lua", folder, library,
      folder)
    local prelude = folder .. "/lua/threading/compile/prelude.lua"
    files.write(prelude, (files.read(prelude):gsub("#define LIKELY",
      "/* another */\n%0")))
    local output, is_translated = run(program, ("LIBRARY='%s/lua/?.lua;"
      .. "%s/lua/?/init.lua;'"):format(folder, folder))
    assert.equal("6\ttrue\n", output)
    assert.is_true(is_translated)
  end)

  it("is another where a file of the translator's is another", function()
    local names = {}
    for name in files.shell("ls %s", package.searchpath(
      "threading.compile.sources", package.path):match "^.*/")
      :gmatch "([%w_]+)%.lua" do
      names[#names + 1] = name
    end
    assert.same(names, sources.names)
  end)

  it("is not left, and not needed, where nothing can be written", function()
    local program = [[
      print(threading.compile(function(a) return a + 5 end)(1))
    ]]
    files.shell("mkdir -m 777 %s/threading; chmod 777 %s/threading", folder,
      folder)
    for _ = 1, 2 do
      local output, is_translated = run(program)
      assert.equal("6\n", output)
      assert.is_true(is_translated)
    end
    assert.equal("", files.shell("ls %s/threading", folder))
  end)
end)
