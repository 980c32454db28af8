-- Compiled functions give exactly what Lua gives: results, their kinds, and
-- the texts and lines of errors.

local exact = require "spec.support.exact"
local support = require "spec.support"
local threading = require "threading"

local Array = threading.Array
local NUMBERS <const> = exact.NUMBERS
local check, check_pairs, outcome, same = exact.check, exact.check_pairs,
  exact.outcome, exact.same
local max, min, inf <const> = math.maxinteger, math.mininteger, math.huge
local nan <const> = 0 / 0

describe("an operator", function()
  for _, sign in ipairs { "+", "-", "*", "/", "//", "%", "^", "&", "|", "~",
    "<<", ">>", "<", "<=", ">", ">=", "==", "~=" } do
    it(sign .. " gives what Lua gives", function()
      check_pairs(load("return function(x, y) return x " .. sign .. " y end",
        "=operator")())
    end)
  end

  it("with a constant gives what Lua gives", function()
    for _, text in ipairs { "x + 1", "x - 1", "1 - x", "x * 3", "x // 3",
      "x % 3", "x % -3", "x ^ 2", "2 ^ x", "x / 2", "x & 7", "x | 7", "x ~ 7",
      "x << 2", "x >> 2", "2 << x", "2 >> x", "-x", "~x", "not x", "x // 0",
      "x % 0", "x < 3", "3 < x", "x >= 3.5", "x == 3", "x == 2.5", "x % -0.0",
      "x // 0.0", "x // -1", "x % -1" } do
      local f = load("return function(x) return " .. text .. " end", "=k")()
      local lists = { { n = 1 }, { true }, { false } }
      for i, x in ipairs(NUMBERS) do
        lists[3 + i] = { x }
      end
      check(f, lists)
    end
  end)
end)

describe("a known function", function()
  it("is not its name", function()
    check(function()
      return math.floor == "math.floor", math.floor == math.floor
    end, { {} })
  end)
end)

describe("a numeric for", function()
  it("runs as often as in Lua", function()
    local function f(from, to, step)
      local n, last = 0, nil
      for i = from, to, step do
        n, last = n + 1, i
        if n == 50 then break end
      end
      return n, last
    end
    local lists = {}
    for _, from in ipairs { 1, max - 2, max, min, 0.5, -1e308, nan, 3 } do
      for _, to in ipairs { 3, 3.7, max, min, inf, -inf, nan, 2.5, -0.5, 1e308,
        min + 0.0, 0x1p63 } do
        for _, step in ipairs { 1, 2, -1, -2, min, max, 0.5, -0.5, inf, 0, 0.0,
          nan } do
          lists[#lists + 1] = { from, to, step }
        end
      end
    end
    check(f, lists)
  end)

  it("names what is no number", function()
    check(function(a, b, c)
      local n = 0
      for _ = a, b, c do n = n + 1 end
      return n
    end, { { n = 3 }, { 1, n = 3 }, { 1, 2, n = 3 }, { 1, true, 1 },
      { true, 1, 1 }, { 1.5, n = 3 }, { 1.5, 2, false } })
  end)
end)

describe("a variable", function()
  it("may change its kind in a loop", function()
    local function sum(n, x)
      local s = 0
      for _ = 1, n do s = s + x end
      return s
    end
    check(sum, { { 0, 0.5 }, { 1, 0.5 }, { 3, 0.5 }, { 3, 1 } })
  end)

  it("may have many kinds at one place", function()
    local parts = {}
    for i = 1, 8 do
      parts[i] = ("if n >> %d & 1 == 1 then v%d = v%d + 0.5 end")
        :format(i - 1, i, i)
    end
    local source = "return function(n) local v1, v2, v3, v4, v5, v6, v7, v8 = "
      .. "1, 2, 3, 4, 5, 6, 7, 8\nfor i = 1, 3 do " .. table.concat(parts, "\n")
      .. " end\nreturn v1, v2, v3, v4, v5, v6, v7, v8 end"
    local lists = {}
    for n = 0, 255 do
      lists[n + 1] = { n }
    end
    local compiled = check(load(source, "=many")(), lists)
    assert.is_true(compiled:versions()[1].blocks < 2000)
  end)

  it("may be nil, a boolean or a number", function()
    check(function(n)
      local x, y
      for i = 1, n do
        if i == 2 then x = 1 elseif i == 3 then x = 2.5 elseif i == 4 then
          x = true end
        y = x or y
      end
      return x, y, not x
    end, { { 0 }, { 1 }, { 2 }, { 3 }, { 4 }, { 5 } })
  end)
end)

describe("a call", function()
  local function fib(n)
    if n < 2 then return n end
    return fib(n - 1) + fib(n - 2)
  end

  local odd
  local function even(n)
    if n == 0 then return true end
    return odd(n - 1)
  end
  function odd(n)
    if n == 0 then return false end
    return even(n - 1)
  end

  it("of itself gives what Lua gives", function()
    check(fib, { { 0 }, { 20 }, { 10.5 }, { n = 1 }, { true } })
  end)

  it("of one that calls back gives what Lua gives", function()
    check(even, { { 0 }, { 7 }, { 10 }, { 4.0 } })
  end)

  it("has all results, or those that are wanted", function()
    local function several(n)
      if n > 2 then return n, n + 0.5, true end
      return n
    end
    check(function(n)
      local a, b = several(n)
      local c = (several(n))
      return c, b, a, several(n)
    end, { { 1 }, { 3 }, { 2.5 } })
    check(function(n) return math.max(several(n + 0), 2) end, { { 1 }, { 4 } })
  end)

  it("of what is no function raises what Lua raises", function()
    for _, source in ipairs { "return function(x) return x() end",
      "local none return function() return none(1) end",
      "return function() return NO_SUCH_GLOBAL(1) end",
      "return function() return math.no_such(1) end" } do
      check(load(source, "=no function")(), { { 1 }, { n = 1 }, { true } })
    end
  end)
end)

describe("a function of the standard library", function()
  it("gives what Lua gives", function()
    local lists = { { n = 1 }, { true } }
    for i, x in ipairs(NUMBERS) do
      lists[2 + i] = { x }
    end
    check(function(x) return math.floor(x), math.ceil(x) end, lists)
    check(function(x) return math.abs(x), math.sqrt(x), math.exp(x) end, lists)
    check(function(x) return math.sin(x), math.cos(x), math.tan(x) end, lists)
    check(function(x) return math.asin(x), math.acos(x) end, lists)
    check(function(x) return math.log(x), math.atan(x), math.modf(x) end, lists)
    check(function(x) return math.log(x, 2), math.log(x, 10) end, lists)
    check(function(x) return math.tointeger(x), math.deg(x) end, lists)
    check(function(x) return math.rad(x), math.pi, math.huge end, lists)
    check(function(x) return math.type(x) == "integer", type(x) == "number" end,
      lists)
  end)

  it("of two numbers gives what Lua gives", function()
    check_pairs(function(x, y)
      return math.max(x, y), math.min(x, y), math.atan(x, y), math.log(x, y)
    end)
    check_pairs(function(x, y) return math.fmod(x, y) end)
    check_pairs(function(x, y) return math.max(1, x, 2.5, y) end)
  end)

  it("raises as in Lua", function()
    check(function(x) error("nothing") return x end, { { 1 } })
    check(function(x) if x > 1 then error("big", 0) end error "small" end,
      { { 1 }, { 2 } })
    check(function() return math.floor() end, { {} })
    check(function(x) return math.max(x, nil) end, { { 1 } })
    check(function() return math.max() end, { {} })
  end)
end)

describe("assert", function() -- which is another function in a spec
  it("gives and raises what Lua's does", function()
    local out = support.output_of [[
      local threading = require "threading"
      local function check(x) return assert(x), assert(x > 1) end
      local function all(x) return assert(x, 1) end
      for _, f in ipairs { check, all } do
        for _, x in ipairs { 2, 1, true, false } do
          local a, b, c = pcall(f, x)
          local d, e, g = pcall(threading.compile(f), x)
          print(a == d and b == e and c == g)
        end
      end
    ]]
    assert.equal(("true\n"):rep(8), out)
  end)
end)

describe("a logarithm", function()
  it("of a constant is the C library's", function()
    check(function()
      return math.log(17, 10), math.log(12, 10), math.log(3, 2), math.log(7, 2)
    end, { {} })
  end)
end)

describe("open arguments", function()
  it("are as many in an error as they were", function()
    local function none() end
    local function two() return 1, nil end
    local function three() return 1, 2, true end
    check(function() return math.floor(none()) end, { {} })
    check(function() return math.max(none()) end, { {} })
    check(function() return math.max(two()) end, { {} })
    check(function() return math.max(three()), 1, 2, 3 end, { {} })
    check(function(x) return math.max(x), math.min(x) end, { { 1 }, { true },
      { n = 1 } })
  end)
end)

describe("an Array", function()
  local types = { "int8", "int16", "int32", "int64", "uint8", "uint16",
    "uint32", "uint64", "float32", "float64" }

  it("reads as in Lua", function()
    local function get(a, i) return a[i], #a end
    local compiled = threading.compile(get)
    for _, type in ipairs(types) do
      local a = Array(type, { 1, 2, 3 })
      for _, i in ipairs { 1, 3, 4, 5, 0, -1, max, min, 2.0, 2.5, nan, inf,
        true } do
        same(get, compiled, a, i)
      end
      same(get, compiled, a)
    end
  end)

  it("is written as in Lua", function()
    local function set(a, i, x) a[i] = x return a[1] end
    local compiled = threading.compile(set)
    for _, type in ipairs(types) do
      local a, b = Array(type, { 1, 2 }), Array(type, { 1, 2 })
      for _, x in ipairs { 0, -1, 127, 128, 255, 256, -129, 65536, 1 << 31,
        1 << 32, max, min, 0.5, 3.0, 1e300, -0.0, 0x1p63, 0x1p64, inf, nan,
        true } do
        assert.equal(outcome(pcall(set, a, 1, x)),
          outcome(pcall(compiled, b, 1, x)))
        same(set, compiled, a, 3, x)
      end
    end
  end)

  it("that holds the sum of none is an integer", function()
    local function sum(a)
      local s = 0
      for i = 1, #a do s = s + a[i] end
      return s
    end
    check(sum, { { Array("float64", 0) }, { Array("float64", { 1, 2.5 }) },
      { Array("int8", { 100, 100 }) }, { 3 }, { n = 1 } })
  end)
end)

describe("a Value", function()
  local Value = threading.Value

  it("is read and written as in Lua", function()
    local function set(v, x)
      local old = v.value
      v.value = x
      return old, v.value
    end
    local compiled = threading.compile(set)
    for _, type in ipairs { "int8", "int64", "uint16", "uint64", "float32",
      "float64" } do
      local one, two = Value(type, 1), Value(type, 1)
      for _, x in ipairs { 0, -1, 127, 128, 65536, max, min, 0.5, 3.0, 1e300,
        0x1p63, inf, nan, true } do
        assert.equal(outcome(pcall(set, one, x)),
          outcome(pcall(compiled, two, x)))
      end
    end
  end)

  it("is no number", function()
    check(function(v) return v + 1 end, { { Value("int64", 1) } })
    check(function(v) return v[1] end, { { 1 } })
    local v = Value("int64", 3)
    assert.equal(v, threading.compile(function(x) return x end)(v))
  end)

  it("may be an upvalue", function()
    local v = Value("int64", 41)
    threading.compile(function() v.value = v.value + 1 end)()
    assert.equal(42, v.value)
    local number = 1
    check(function() return number.value end, { {} })
  end)
end)

describe("a Lock", function()
  it("is acquired and released", function()
    local lock = threading.Lock()
    local compiled = threading.compile(function(x)
      local is = lock:acquire()
      lock:release()
      return is, x
    end)
    assert.same({ true, 1 }, { compiled(1) })
    assert.is_false(lock:locked())
    check(function(l) l:release() end, { { lock }, { 1 }, { n = 1 } })
    local acquired = threading.compile(function(l) return l:acquire() end)
    assert.is_true(acquired(lock))
    assert.is_true(lock:locked())
  end)
end)

describe("an error", function()
  it("has the line and the names that Lua gives", function()
    local up, flag = nil, true
    check(function(a, b)
      local c = a

      return c
        + b
    end, { { 1, n = 2 }, { true, 1 }, { n = 2 } })
    check(function(a) return a + up end, { { 1 } })
    check(function(a) return a < flag end, { { 1 } })
    check(function(a) return a | 1.5, a end, { { 1 }, { 2.5 } })
    check(function(a, b) return a ~ b end, { { 1.5, 2.5 }, { 1, 2.5 },
      { 1.5, true }, { true, 1.5 } })
    check(function(a) return a.x end, { { 1 }, { n = 1 } })
    check(function(a) return #a, a[1] end, { { 1 }, { true } })
    check(function(a) a[1] = 2 end, { { 1 }, { true } })
  end)

  it("names the upvalue that has no fields", function()
    local float, none, yes, known = 1.5, nil, true, math.floor
    check(function() return float.x end, { {} })
    check(function() return none.x end, { {} })
    check(function() return yes.x end, { {} })
    -- luacheck: ignore 143
    check(function() return known.x end, { {} })
  end)

  it("of a for loop is the first that Lua finds", function()
    check(function(a, b, c)
      local n = 0
      for i = a, b, c do n = n + i end
      return n
    end, {
      { 1, nil, 0 }, { 1, true, 0 }, { 1.0, nil, 0 }, { 1, nil, 1 },
      { nil, true, 0, n = 3 }, { 1, 2, nil, n = 3 }, { 1, 1.5, 0.0 } })
  end)

  it("of a division by zero has the line that Lua gives", function()
    local function divide(x, y)
      local z = x

      return z // y
        + x % y
    end
    check(function(x, y)
      local q = 0

      q = q + divide(x, y + 1)
      q = q

        + x // y
      return q
    end, { { 1, 0 }, { 1, -1 }, { 1, 2 }, { 1.5, 0 } })
  end)
end)

describe("what cannot be compiled", function()
  local function refusal(f, ...)
    local ok, why = pcall(threading.compile(f), ...)
    assert.is_false(ok)
    return why
  end

  it("is refused with the chunk's name as Lua writes it", function()
    local f = load("\nreturn function(x)\n  return x.a.b, {}\nend")()
    local place = select(2, pcall(f, 1)):match "^.*:3:"
    assert.equal(place, refusal(load("\nreturn function()\n  return {}\nend")(),
      1):match "^.*:3:")
  end)

  it("is refused with its line and what to write instead", function()
    local outer = 1
    local line = debug.getinfo(1, "l").currentline
    local why = refusal(function(x)
      outer = x
    end, 1)
    assert.matches(":" .. line + 2 .. ": cannot compile: a write to a variable "
      .. "of an outer function %(return the value instead%)$", why)
    assert.equal(1, outer)
    assert.matches("cannot compile: a table %(", refusal(function()
      return {}
    end))
    assert.matches("cannot compile: a string ", refusal(function(x)
      return x .. "y"
    end, 1))
    for _, text in ipairs { "for i = 1, '3' do end", "return 1 + '1'",
      "for i = 1, 2, '1' do end", "for i = '1', 2 do end",
      "return math.max('a', 'b')" } do
      assert.matches("cannot compile: a string as a number",
        refusal(load("return function() " .. text .. " end")()))
    end
    local function down(n)
      if n == 0 then return end
      return n, down(n - 1)
    end
    assert.matches("cannot compile: more than 32 results", refusal(down, 3))
    assert.matches("cannot compile: a level of error", refusal(function(x)
      error("level", x)
    end, 2))
    assert.matches("cannot compile: a function inside", refusal(function()
      return function() end
    end))
    assert.matches("cannot compile: the function math.random",
      refusal(function() return math.random() end))
    assert.matches("cannot compile: the function print",
      refusal(function() return print() end))
    assert.matches("cannot compile: a call of a function of C",
      refusal(function() return os.time() end))
  end)
end)
