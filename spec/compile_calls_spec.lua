-- Calls of compiled functions: at whatever depth Lua makes tail calls so do
-- they, and other calls that nest too deeply raise Lua's error.

local support = require "spec.support"
local threading = require "threading"

local compile = threading.compile

-- Far more calls than fit on a stack.
local DEEP <const> = 10000000

local function kinds_of(...)
  local list = table.pack(...)
  for i = 1, list.n do
    list[i] = math.type(list[i]) or tostring(list[i])
  end
  return table.concat(list, " ")
end

local function same(fn, ...)
  local expected, got = table.pack(fn(...)), table.pack(compile(fn)(...))
  assert.same(expected, got)
  assert.equal(kinds_of(table.unpack(expected, 1, expected.n)),
    kinds_of(table.unpack(got, 1, got.n)))
end

describe("a tail call", function()
  it("of the function itself needs no stack", function()
    local function sum(n, total)
      if n == 0 then
        return total
      end
      return sum(n - 1, total + n)
    end
    local f = compile(sum)
    assert.equal(DEEP * (DEEP + 1) // 2, f(DEEP, 0))
    assert.equal("float", math.type(f(DEEP, 0.5)))
  end)

  it("gives all arguments at once", function()
    local function swap(n, a, b, c)
      if n == 0 then
        return a, b, c
      end
      return swap(n - 1, b, c, a)
    end
    same(swap, 1000001, 1, 2.5, true)
  end)

  it("of two functions that call each other needs none", function()
    local even, odd
    function even(n)
      if n == 0 then
        return true
      end
      return odd(n - 1)
    end
    function odd(n)
      if n == 0 then
        return false
      end
      return even(n - 1)
    end
    local f = compile(even)
    assert.is_true(f(DEEP))
    assert.is_false(f(DEEP + 1))
    assert.is_false(support.in_thread(f, DEEP + 1))
  end)

  it("takes what is passed on the stack otherwise", function()
    local many, few
    function many(n, a, b, c, d, e, x, y, z)
      if n == 0 then
        return a, b, c, d, e, x, y, z
      end
      return few(n - 1, a + 1, n)
    end
    function few(n, p, q)
      if n == 0 then
        return p
      end
      return many(n - 1, p, q, 1, 2, 3.5, true, nil, q)
    end
    same(many, 1000000, 1, 2, 3, 4, 5, 6, 7, 8)
    same(many, 1000001, 1, 2, 3, 4, 5, 6, 7, 8)
  end)

  it("changes the kinds of its arguments and of its results", function()
    local function change(n, a, b)
      if n == 0 then
        return a, b
      elseif n % 7 == 0 then
        return change(n - 1, b, a)
      elseif n % 5 == 0 then
        return change(n - 1, a / 2, b)
      elseif n == 3 then
        return change(n - 1, nil, true)
      end
      return change(n - 1, a, n)
    end
    same(change, 1000000, 1, 2)
    same(change, 2, 1, 2)
  end)

  it("with other arguments than parameters drops or adds nils", function()
    local function count(n, a)
      if n <= 0 then
        return n, a
      elseif n % 2 == 0 then
        return count(n - 1)
      end
      return count(n - 2, n, n)
    end
    same(count, 1000000, 1)
    same(count, 1000001, 1)
  end)

  it("of what calls otherwise too comes back with Lua's results", function()
    local leave, stay
    function leave(n, a)
      if n <= 0 then
        return a
      end
      return stay(n - 1, a + leave(n // 2, 1))
    end
    function stay(n, a)
      if n <= 0 then
        return a, n
      end
      return leave(n - 1, a)
    end
    same(leave, 40, 1)
    same(leave, 41, 0.5)
  end)

  it("without end can be stopped", function()
    local ping, pong
    function ping(a)
      a[1] = 1
      return pong(a)
    end
    function pong(a)
      return ping(a)
    end
    local started = threading.Array("int32", 1)
    local t = threading.Thread { target = compile(ping), args = { started } }
    t:start()
    support.wait_until(function() return started[1] == 1 end)
    t:cancel()
    support.join(t)
    assert.is_false(t:is_alive())
  end)
end)

describe("calls that nest too deeply", function()
  local function is_left_out()
    if support.is_instrumented "thread" then
      pending "ThreadSanitizer's own stack of calls is shorter"
      return true
    end
  end

  local function raised(fn, ...)
    local ok, message = pcall(fn, ...)
    assert.is_false(ok)
    return message
  end

  local function down(n)
    local x =
      1
    return x +
      down(n + 1)
  end

  local left, right

  function left(n)
    return (right(n + 1))
  end

  function right(n)
    local a = left(n + 1)
    return a
  end

  it("raise what Lua does, with the line of the call", function()
    if is_left_out() then
      return
    end
    local f = compile(down)
    local expected = raised(down, 1)
    assert.equal(expected, raised(f, 1))
    assert.equal(expected, support.in_thread(raised, f, 1))
    assert.equal(expected, raised(f, 1.5))
  end)

  it("raise it for each of several functions", function()
    if is_left_out() then
      return
    end
    local message = raised(compile(left), 1)
    assert.matches("^.*:%d+: .*stack overflow$", message)
    local line = tonumber(message:match ":(%d+): ")
    local first = debug.getinfo(left, "S").linedefined
    assert.is_true(line == first + 1 or line == first + 5, message)
  end)

  it("raise it without lines where those were stripped", function()
    if is_left_out() then
      return
    end
    local stripped = load(string.dump(down, true), "down", "b")
    for i = 1, 2 do
      if debug.getupvalue(stripped, i) then
        debug.setupvalue(stripped, i, stripped)
      end
    end
    assert.equal(raised(stripped, 1), raised(compile(stripped), 1))
  end)
end)

describe("a small function that calls itself", function()
  it("gives Lua's results from each of its copies", function()
    local function fib(n)
      if n < 2 then
        return n
      end
      return fib(n - 1) + fib(n - 2)
    end
    local function ackermann(m, n)
      if m == 0 then
        return n + 1
      elseif n == 0 then
        return ackermann(m - 1, 1)
      end
      return ackermann(m - 1, ackermann(m, n - 1))
    end
    local function pair(n)
      if n < 1 then
        return n, true
      end
      local a, b = pair(n - 1)
      local c = pair(n - 2)
      return a + c * 0.5, not b
    end
    same(fib, 20)
    same(fib, 20.5)
    same(ackermann, 2, 30)
    same(pair, 12)
  end)

  it("raises the error of the call that fails", function()
    local function fall(n, a)
      if n == 0 then
        return a // n
      end
      return 1 + fall(n - 1, a)
    end
    local f = compile(fall)
    for n = 0, 9 do
      local _, expected = pcall(fall, n, 7)
      local _, got = pcall(f, n, 7)
      assert.equal(expected, got)
    end
  end)
end)
