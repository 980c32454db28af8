-- Functions inside a compiled function, beside the interpreter.

local exact = require "spec.support.exact"
local support = require "spec.support"
local threading = require "threading"

local Array, check, compile = threading.Array, exact.check, threading.compile
local message = support.message
local NUMBERS <const> = { { 0 }, { 1 }, { 5 }, { 2.5 }, { -3 } }
local ODD <const> = { { n = 1 }, { true } }

describe("a function inside", function()
  it("reads the variables around it", function()
    check(function(n)
      local function times(x) return x * n end
      local m = times(2)
      n = n + 0.5
      return m, times(3), times(1.5)
    end, NUMBERS)
    check(function(n)
      local function outer(x)
        local function inner(y) return x + y * n end
        return inner(1) + inner(2.5)
      end
      return outer(1) + outer(n)
    end, NUMBERS)
  end)

  it("writes the variables around it", function()
    check(function(n)
      local sum, count = 0, 0
      local function add(x)
        sum = sum + x
        count = count + 1
      end
      for i = 1, n do add(i) end
      add(0.5)
      return sum, count
    end, NUMBERS)
    check(function(n)
      local x
      local function set(y) x = y end
      local a = x
      set(n)
      local b = x
      set(true)
      local c = x
      set(nil)
      return a, b, c, x
    end, NUMBERS)
    check(function(n)
      local a, b, c = 1, 2.5, true
      local function turn() a, b, c = b, c, a end
      for _ = 1, n do turn() end
      return a, b, c
    end, NUMBERS)
  end)

  it("writes through functions between", function()
    check(function(n)
      local x = n
      local function outer()
        local function inner() x = x + 1 return x end
        return inner() * inner()
      end
      local function twice() return outer() + outer() end
      return twice(), x
    end, NUMBERS)
  end)

  it("calls itself and others, at any depth", function()
    check(function(n)
      local function fib(i)
        if i < 2 then return i end
        return fib(i - 1) + fib(i - 2)
      end
      return fib(n)
    end, NUMBERS)
    check(function(n)
      local steps, odd = 0, nil
      local function even(i)
        steps = steps + 1
        if i <= 0 then return true end
        return odd(i - 1)
      end
      function odd(i)
        steps = steps + 0.5
        if i <= 0 then return false end
        return even(i - 1)
      end
      return even(n), steps
    end, NUMBERS)
    check(function(n)
      local function down(i)
        if i == 0 then return n end
        n = n + 1
        return down(i - 1)
      end
      return down(300000), n
    end, { { 1 } })
  end)

  it("has variables of its own in each call", function()
    local walk
    function walk(n)
      local sum = n
      local function add(x)
        sum = sum + x
        if x > 0 then sum = sum + walk(x - 1) end
      end
      if n > 0 then add(n - 1) end
      return sum
    end
    check(walk, { { 0 }, { 4 }, { 6 } })
    check(function(n)
      local total = 0
      for i = 1, n do
        local k = i
        local function up() k = k + i return k end
        total = total + up() * up() + k
      end
      return total
    end, NUMBERS)
  end)

  it("is any value that is called where it is defined", function()
    check(function(n)
      local function one() return n end
      local function two() n = n + 1 return n, 0.5 end
      local f = n > 1 and one or two
      local x, y = f()
      return x, y, type(f) == "function", (function(z) return z + n end)(3)
    end, NUMBERS)
    check(function(n)
      local function three() return 3 end
      local function call(f) return f() end
      return call(three) + n
    end, NUMBERS)
  end)

  it("may be an iterator", function()
    check(function(n)
      local i, sum = 0, 0
      local function count()
        i = i + 1
        if i <= n then return i, i / 2 end
      end
      for x, half in count do sum = sum + x * half end
      return sum, i
    end, NUMBERS)
  end)

  it("reads Arrays, Values and globals", function()
    local up = 7
    check(function(a)
      local function last() return a[#a] + math.floor(2.5) + up end
      local function bump() a[1] = a[#a] end
      bump()
      return last()
    end, { { Array("int8", { 1, 3 }) }, { Array("float64", { 2.5 }) } })
    local v = threading.Value("int64", 1)
    compile(function(value)
      local function add(x) value.value = value.value + x end
      add(2)
      add(3)
    end)(v)
    assert.equal(6, v.value)
  end)

  it("raises what Lua raises", function()
    local all = { { 1 }, { 2.5 }, ODD[1], ODD[2] }
    check(function(n)
      local function f() return n.x end
      return f()
    end, all)
    check(function(n)
      local function f(x)
        n = n + 1
        return x + n
      end

      return f(1), f(nil)
    end, all)
    check(function(n)
      local function f() n.x = 1 end
      f()
    end, all)
    check(function(n)
      local function f() end
      return f + n
    end, all)
    check(function(n)
      local f = nil
      local function g() return f(n) end
      return g()
    end, all)
  end)
end)

describe("a function inside that does not stay there", function()
  local function refusal(f, ...)
    return message(compile(f), ...):match "cannot compile: .*"
  end

  local function text(what)
    return "cannot compile: a function inside that " .. what
      .. " (call it where it is defined)"
  end

  it("is refused", function()
    assert.equal(text "is returned", refusal(function()
      return function() end
    end))
    assert.equal(text "is passed on", refusal(function(n)
      local function f() return n end
      local function call(g) return g() end
      return call(f)
    end, 1))
    assert.equal(text "is stored", refusal(function()
      local f
      local function set() f = function() end end
      set()
      return f()
    end))
    assert.equal(text "outlives its variables", refusal(function(n)
      local f
      for i = 1, n do
        f = function() return i end
      end
      return f()
    end, 3))
    assert.equal("cannot compile: a comparison of functions inside (compare "
      .. "numbers)", refusal(function()
        local function f() end
        local g = f
        return f == g
      end))
  end)

  it("is refused with its line", function()
    local line = debug.getinfo(1, "l").currentline
    local f = compile(function()
      local function g(...) return ... end
      return g()
    end)
    assert.equal(("spec/compile_closures_spec.lua:%d: cannot compile: variable "
      .. "arguments (name the parameters)"):format(line + 2),
      select(2, pcall(f)))
  end)
end)
