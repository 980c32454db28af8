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

-- What Lua defines and C does not, or otherwise: each with the value itself, so
-- that a fault that both would have in common is seen.
describe("Lua's own rule", function()
  -- The function gives these values, compiled and as it is.
  local function gives(expected, source, ...)
    local f = load("return function(x, y) return " .. source .. " end",
      "=rule")()
    local wanted = outcome(true, table.unpack(expected))
    assert.equal(wanted, outcome(pcall(f, ...)))
    assert.equal(wanted, outcome(pcall(threading.compile(f), ...)))
  end

  it("of mininteger // -1 wraps around", function()
    gives({ min, 0 }, "x // y, x % y", min, -1)
    gives({ min, 0 }, "x // -1, x % -1", min)
    gives({ min, min, min }, "-x, x * -1, math.abs(x)", min)
    gives({ 0 }, "math.fmod(x, y)", min, -1)
  end)

  it("of // and % rounds down, for negative integers", function()
    gives({ -4, 1 }, "x // y, x % y", -7, 2)
    gives({ -4, -1 }, "x // y, x % y", 7, -2)
    gives({ 3, -1 }, "x // y, x % y", -7, -2)
    gives({ 0, 0 }, "x // y, x % y", 0, -2)
    gives({ -1, max - 1 }, "x // y, x % y", -1, max)
  end)

  it("of // and % rounds down, for floats", function()
    gives({ -4.0, 0.5 }, "x // y, x % y", -7.5, 2)
    gives({ -4.0, -0.5 }, "x // y, x % y", 7.5, -2)
    gives({ -0.0, inf }, "x // y, x % y", -1, inf)
    gives({ -0.0, -inf }, "x // y, x % y", 1, -inf)
    gives({ 0.0, 1.0 }, "x // y, x % y", 1, inf)
    gives({ inf, nan }, "x // y, x % y", 1, 0.0)
  end)

  it("of // and % keeps the sign of -0.0", function()
    gives({ -0.0, -0.0 }, "x // y, x % y", -0.0, 2)
    gives({ 0.0, -0.0 }, "x // y, x % y", -0.0, -2)
    gives({ 0.0, 0.0 }, "x // y, x % y", 0.0, 2)
    gives({ -0.0, 0.0 }, "x // y, x % y", 0.0, -2)
    gives({ -inf, nan }, "x // y, x % y", 1, -0.0)
    gives({ -0.0, 0.0 }, "-x, x", 0.0)
  end)

  it("of a shift by 64 and more leaves nothing", function()
    for _, n in ipairs { 64, 65, 1000, max } do
      gives({ 0, 0 }, "x << y, x >> y", -1, n)
      gives({ 0, 0 }, "x << y, x >> y", -1, -n)
    end
    gives({ 0, 0 }, "x << y, x >> y", -1, min)
    gives({ min, 1 }, "x << y, x >> y", -1, 63)
  end)

  it("of a shift by less than 0 goes the other way", function()
    gives({ 4, 16 }, "x << y, x >> y", 8, -1)
    gives({ 4, 16 }, "x << -1, x >> -1", 8)
    gives({ 1, min }, "x << y, x >> y", min | 1, -63)
    gives({ 16, 0.0 }, "x << y, x - 2.0", 2.0, 3.0)
  end)

  it("of an integer beside a float compares their values", function()
    local next = (1 << 53) + 1
    gives({ false, false, true }, "x == y, x <= y, x > y", next, 0x1p53)
    gives({ false, true, false }, "x == y, x < y, x >= y", 0x1p53, next)
    gives({ true, true, false }, "x < y, x <= y, x == y", max, 0x1p63)
    gives({ false, true, false }, "x < y, x <= y, x > y", min, -0x1p63)
    gives({ true, false, true }, "x > y, x == y, x >= y", 0x1p63, max)
    gives({ false, false, true }, "x < y, x >= y, x ~= y", max, nan)
    gives({ true, true }, "x < y, x > -y", min, inf)
  end)

  it("of x ^ 2 is x * x", function()
    for _, x in ipairs(NUMBERS) do
      gives({ (x + 0.0) * (x + 0.0), (x + 0.0) * (x + 0.0) }, "x ^ 2, x ^ y",
        x, 2)
    end
    gives({ 9.0, 0.5 }, "x ^ y, 2 ^ -1", 3, 2)
  end)

  it("of a float in ~ wants an integer's value", function()
    gives({ 1, -4 }, "x ~ y, ~x", 3.0, 2.0)
    gives({ min }, "x | 0", -0x1p63)
  end)
end)

describe("which operand of ~ is named", function()
  it("is the one that Lua names", function()
    local function f(x, y) return x ~ y end
    local function g(x, y) return x | 1.5, y end
    check(f, { { 1.5, 2.5 }, { 1, 2.5 }, { 1.5, 2 }, { 1.5, true },
      { true, 1.5 }, { true, false }, { 1, n = 2 }, { n = 2 }, { inf, nan },
      { 0x1p63, 1.5 }, { 1.5, 0x1p63 } })
    check(g, { { 1 }, { 2.5 }, { true } })
    check(function(x) return 1.5 ~ x, x >> 0.5, 2.5 << x end, { { 1 } })
    local one, two = 1.5, 2.5
    check(function() return one ~ two end, { {} })
    check(function(x) return one & x end, { { 1 }, { 2.5 }, { true } })
    check(function(x) return ~x end, { { 1.5 }, { true }, { n = 1 } })
  end)
end)

describe("a numeric for", function()
  -- What the loop's variable was, in turn.
  local function turns(from, to, step)
    local a, b, c, n
    n = 0
    for i = from, to, step do
      n = n + 1
      if n == 1 then a = i elseif n == 2 then b = i elseif n == 3 then c = i
      else break end
    end
    return n, a, b, c
  end

  local function turn(expected, ...)
    local wanted = outcome(true, table.unpack(expected, 1, 4))
    assert.equal(wanted, outcome(pcall(turns, ...)))
    assert.equal(wanted, outcome(pcall(threading.compile(turns), ...)))
  end

  it("ends at maxinteger and at mininteger", function()
    turn({ 2, max - 1, max }, max - 1, max, 1)
    turn({ 1, max - 1 }, max - 1, max, 2)
    turn({ 1, max }, max, max, max)
    turn({ 2, min + 1, min }, min + 1, min, -1)
    turn({ 3, min, -1, max - 1, n = 4 }, min, max, max)
    turn({ 2, max, -1 }, max, min, min)
    turn({ 0 }, max, min, 1)
  end)

  it("over integers rounds a limit of 3.7", function()
    turn({ 3, 1, 2, 3, n = 4 }, 1, 3.7, 1)
    turn({ 2, 5, 4 }, 5, 3.7, -1)
    turn({ 0 }, 4, 3.7, 1)
    turn({ 1, -3 }, -3, -3.7, -1)
  end)

  it("over integers takes a limit of NaN for the least of all", function()
    turn({ 0 }, 1, nan, 1)
    turn({ 4, 1, 0, -1 }, 1, nan, -1)
    turn({ 1, min }, min, nan, -1)
  end)

  it("over integers goes as far as they do for an infinite limit", function()
    turn({ 0 }, 1, -inf, 1)
    turn({ 2, min + 1, min }, min + 1, -inf, -1)
    turn({ 2, max - 1, max }, max - 1, inf, 1)
    turn({ 0 }, 1, inf, -1)
    turn({ 2, max - 1, max }, max - 1, 0x1p63, 1)
    turn({ 1, min }, min, -0x1p63, -1)
  end)

  it("over floats ends where the sum passes the limit", function()
    turn({ 3, 0.0, 0.5, 1.0 }, 0.0, 1, 0.5)
    turn({ 1, 1.0 }, 1, 3.7, inf)
    turn({ 1, 0x1p53 }, 0x1p53, 0x1p53, 2)
    turn({ 4, 0x1p53, 0x1p53, 0x1p53 }, 0x1p53, 0x1p53, 1)
    turn({ 1, nan }, nan, 1, 1) -- it does not
    turn({ 1, 1.0 }, 1.0, nan, 1)
  end)

  it("refuses a step of 0 and of 0.0", function()
    for _, step in ipairs { 0, 0.0, -0.0 } do
      for _, from in ipairs { 1, 1.5 } do
        local wanted = outcome(pcall(turns, from, 2, step))
        assert.matches("'for' step is zero", wanted)
        assert.equal(wanted,
          outcome(pcall(threading.compile(turns), from, 2, step)))
      end
    end
  end)
end)

describe("the line of a division by zero", function()
  it("is the one that this Lua gives, which may be stale", function()
    for _, sign in ipairs { "//", "%" } do
      local f = load("return function(x, y, A)\nlocal z = x\nlocal n = #A\n"
        .. "z = z + n\n\nz = z " .. sign .. " y\n\nreturn z\n" .. sign
        .. " (y - 1) end", "=stale")()
      local compiled = threading.compile(f)
      local array = Array("int8", 2)
      for _, y in ipairs { 0, 1, 2 } do
        same(f, compiled, 7, y, array)
      end
      same(f, compiled, 7, 0.0, array)
    end
  end)

  it("is what was last noted, whatever that was", function()
    local bodies = { "z = z + v.value", "v.value = z", "z = NO_SUCH or z",
      "z = PRESENT or z", "z = NO_SUCH == nil and z", "local _ = math.no_such",
      "local _ = lib.pi", "local _ = lib.floor", "z = lib.floor(z)",
      "for _, x in ipairs(A) do z = x end", "for i = 1, 3 do z = i end",
      "for i = 1.0, 3 do z = i end", "z = w.value", "w.value = 3",
      "lock:acquire() lock:release()", "z = z == 3 and 1 or 3", "A[1] = z",
      "z = A[1] + #A", "z = -z | 1", "z = flag and z or 4", "z = outer.value",
      "goto on ::on::", "local a, b = z z = a or b", "z = z < n and z or 3",
      "z = n == z and z or 3", "while z > 9 do z = z - 1 end",
      "local function g(p) return p end z = g(z)",
      "local function g(p) return p end z = z or g(z)" }
    local lines = { "local v, lock, outer, lib, flag = ...",
      "return function(n, x, y, A, w)\nlocal z = x" }
    for n, body in ipairs(bodies) do
      lines[#lines + 1] = ("if n == %d then\n\n%s\n\nend"):format(n, body)
    end
    lines[#lines + 1] = "if n > 100 then return z % y end\n\nreturn z // y end"
    local source, environment = table.concat(lines, "\n"),
      setmetatable({ PRESENT = 1 }, { __index = _G })
    local f = load(source, "=stale", "t", environment)(
      threading.Value("int64", 7), threading.Lock(),
      threading.Value("int8", 3), setmetatable({ pi = 3 }, { __index = math }),
      true)
    local compiled = threading.compile(f, { flags = "-O1" })
    local array, value = Array("int8", { 4, 5 }), threading.Value("int8", 9)
    for n = 1, #bodies + 1 do
      same(f, compiled, n, 7, 0, array, value)
    end
    same(f, compiled, 101, 7, 0, array, value)
  end)
end)

describe("the sign of NaN", function() -- which Lua does not define
  it("is all that may differ", function()
    local divide = threading.compile(function(x, y) return x / y end)
    for _, x in ipairs { 0.0, -0.0 } do
      local got = divide(x, 0)
      assert.equal("float", math.type(got))
      assert.not_equal(got, got)
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

describe("math.ult", function()
  it("takes floats that are integers", function()
    check_pairs(function(x, y) return math.ult(x, y) end)
    check(function(x) return math.ult(x, 2.0), math.ult(2.5, x) end, { { 1 },
      { 1.0 }, { 1.5 }, { true }, { n = 1 } })
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
