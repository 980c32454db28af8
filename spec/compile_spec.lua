-- threading.compile: what is compiled and when, what a call may be given, and
-- what reaches a thread that runs compiled code. What the code computes is
-- compile_exact_spec's.

local files = require "spec.support.files"
local futures = require "threading.futures"
local support = require "spec.support"
local threading = require "threading"

local Array, Value, compile = threading.Array, threading.Value,
  threading.compile
local message = support.message

local function add(a, b)
  return a + b
end

local function count_to(n)
  local x = 0
  for i = 1, n do
    x = x ~ i
  end
  return x
end

local function types_of(f)
  local list = {}
  for i, version in ipairs(f:versions()) do
    list[i] = version.types
  end
  return list
end

describe("a compiled function", function()
  it("gives what the function gives", function()
    local f = compile(count_to)
    assert.equal(count_to(1000), f(1000))
    assert.equal(count_to(7.5), f(7.5))
    assert.equal("float", math.type(compile(add)(1, 2.0)))
    assert.equal("integer", math.type(compile(add)(1, 2)))
  end)

  it("has a version for each list of types", function()
    local f = compile(add)
    assert.same({}, f:versions())
    assert.is_nil(f:c())
    for _, a in ipairs { 1, 1.5, 3 } do
      assert.equal(a + 2, f(a, 2))
    end
    assert.equal(4.0, f(1.5, 2.5))
    assert.same({ "integer, integer", "float, integer", "float, float" },
      types_of(f))
    assert.same({ "integer" }, f:versions()[1].results)
    assert.matches("threading_entry", f:c("integer", "integer"), 1, true)
    assert.not_equal(f:c("integer", "integer"), f:c())
    assert.is_nil(f:c("boolean", "boolean"))
  end)

  it("is given nil for what is missing, and drops the rest", function()
    local f = compile(function(a, b)
      return b == nil, a
    end)
    assert.same({ true, 1 }, { f(1) })
    assert.same({ true }, { f() })
    assert.same({ false, 1 }, { f(1, 2, {}, "x") })
  end)

  it("returns several values, and those it was given", function()
    local f = compile(function(a, n)
      return n, a, true, nil, 0.5
    end)
    local a = Array("int64", { 7 })
    assert.same({ n = 5, 3, a, true, nil, 0.5 }, table.pack(f(a, 3)))
  end)

  it("takes many arguments", function()
    local f = compile(function(a, b, c, d, e, g, h, i, j, k)
      return a + b + c + d + e + g + h + i + j + k
    end)
    assert.equal(55, f(1, 2, 3, 4, 5, 6, 7, 8, 9, 10))
    assert.equal(55.0, f(1, 2, 3, 4, 5, 6, 7, 8, 9, 10.0))
    assert.equal(2, #f:versions())
  end)

  it("takes numbers, booleans, nil and our objects alone", function()
    local f = compile(function(a)
      return a == nil
    end)
    for value, what in pairs { ["1"] = "string", [{}] = "table",
      [print] = "function", [io.stdout] = "FILE*",
      [threading.Event()] = "threading.Event" } do
      assert.equal("bad argument #1 to a compiled function (number, boolean, "
        .. "nil, Array, Value or Lock expected, got " .. what .. ")",
        message(f, value):gsub("^[^ ]*: ", ""))
    end
    assert.same({}, f:versions())
  end)

  it("is run by threads, pools and parallel_for", function()
    local f = compile(count_to)
    local pool <close> = futures.ThreadPoolExecutor { max_workers = 2 }
    assert.equal(count_to(1000), pool:submit(f, 1000):result())
    local a = Array("int64", 1000)
    threading.parallel_for(1, #a, compile(function(lo, hi)
      return lo < hi
    end), 2)
    local fill = compile(function(b)
      for i = 1, #b do
        b[i] = i
      end
    end)
    local t = threading.Thread { target = fill, args = { a } }
    t:start()
    t:join()
    assert.equal(1000, a[1000])
  end)

  it("lets go of the global lock", function()
    local wait = compile(function(a)
      a[1] = 1
      while a[2] == 0 do
      end
      return true
    end)
    local a, done = Array("int64", 2), nil
    local t = support.start(function()
      done = wait(a)
    end)
    support.wait_until(function()
      return a[1] == 1
    end)
    a[2] = 1
    support.join(t)
    assert.is_true(done)
  end)

  it("raises Lua's error, with its place", function()
    local function bad(a, b)
      return a + b
    end
    for _, arguments in ipairs { { 1, nil }, { true, 1 }, { nil, 2.5 } } do
      local _, expected = pcall(bad, arguments[1], arguments[2])
      local ok, got = pcall(compile(bad), arguments[1], arguments[2])
      assert.is_false(ok)
      assert.equal(expected, got)
    end
  end)

  it("overflows its stack with an error", function()
    if support.is_instrumented "thread" then
      pending "ThreadSanitizer's own stack of calls is shorter"
      return
    end
    local function down(n)
      return 1 + down(n + 1)
    end
    local f = compile(down)
    assert.matches("stack overflow", message(f, 1), 1, true)
    assert.matches("stack overflow", support.in_thread(message, f, 1), 1, true)
  end)
end)

describe("what a compiled function reads outside", function()
  it("is read at each call, and its type is a guard", function()
    local n = 5
    local f = compile(function(a)
      return a * n
    end)
    assert.equal(10, f(2))
    n = 6
    assert.equal(12, f(2))
    assert.equal(1, #f:versions())
    n = 0.5
    assert.equal(1.0, f(2))
    n = 7
    assert.equal(14, f(2))
    assert.equal(2, #f:versions())
    n = nil
    assert.matches("arithmetic on a nil value (upvalue 'n')", message(f, 2), 1,
      true)
  end)

  it("may be a global, a field of a table, an Array", function()
    local a = Array("float64", { 1.5 })
    local config = { scale = 2 }
    local f = compile(function()
      -- luacheck: globals SPEC_GLOBAL
      return SPEC_GLOBAL + config.scale * a[1] + math.pi
    end)
    _G.SPEC_GLOBAL = 1
    assert.equal(1 + 2 * 1.5 + math.pi, f())
    _G.SPEC_GLOBAL, config.scale = 0.25, 4
    assert.equal(0.25 + 4 * 1.5 + math.pi, f())
    a = Array("int64", { 3 })
    assert.equal(0.25 + 4 * 3 + math.pi, f())
    config = { scale = 1 }
    assert.equal(0.25 + 3 + math.pi, f())
    _G.SPEC_GLOBAL = nil
    assert.matches("nil value (global 'SPEC_GLOBAL')", message(f), 1, true)
  end)

  it("may be functions, which are compiled with it", function()
    local function twice(x)
      return 2 * x
    end
    local f = compile(function(x)
      return twice(x) + 1
    end)
    assert.equal(7, f(3))
    twice = function(x)
      return x + 0.5
    end
    assert.equal(4.5, f(3))
    local g
    g = compile(function(n)
      return n < 2 and n or g(n - 1) + g(n - 2)
    end)
    assert.equal(55, g(10))
    assert.equal(1, #g:versions())
  end)
end)

describe("compile", function()
  it("refuses what is no Lua function", function()
    assert.matches("bad argument 'fn' to 'compile' (Lua function expected, got "
      .. "a C function)", message(compile, print), 1, true)
    assert.matches("(Lua function expected, got nil)", message(compile), 1,
      true)
  end)

  it("refuses varargs with the function's line", function()
    local fn = function(...)
      return ...
    end
    local line = debug.getinfo(fn, "S").linedefined
    assert.same({ false, "spec/compile_spec.lua:" .. line .. ": cannot compile:"
      .. " varargs (name each parameter, or pass an Array)" },
      { pcall(compile, fn) })
  end)

  it("checks its options", function()
    for name, value in pairs { fast = 1, fallback = "x", eager = 5, cc = 1,
      flags = true, timeout = 0 } do
      assert.matches("bad argument '" .. name .. "' to 'compile' (",
        message(compile, add, { [name] = value }), 1, true)
    end
    assert.matches("unexpected keyword argument 'quick' to 'compile'",
      message(compile, add, { quick = true }), 1, true)
    for _, eager in ipairs { { "int" }, { { "integer" }, { 5 } },
      { "integer", "integer", "integer" } } do
      assert.matches("bad argument to 'compile' (",
        message(compile, add, { eager = eager }), 1, true)
    end
  end)

  it("compiles at once what is eager", function()
    local f = compile(add, { eager = { "integer", "float" } })
    assert.same({ "integer, float" }, types_of(f))
    f = compile(add, { eager = { { "float", "float" }, { "integer" } } })
    assert.same({ "float, float", "integer, nil" }, types_of(f))
  end)

  it("says that there is no compiler, or falls back", function()
    local options = { cc = "no-such-compiler" }
    assert.matches("the C compiler 'no-such-compiler' is not found (",
      message(compile, add, options), 1, true)
    options.fallback = true
    assert.equal(add, compile(add, options))
    assert.not_equal(add, compile(add, { fallback = true }))
  end)

  it("takes a script for a compiler", function()
    local folder = files.folder()
    files.write(folder .. "/cc", ('#!/bin/sh\nexec %s "$@"\n'):format(
      os.getenv "CC" or "cc"))
    files.shell("chmod +x %s/cc", folder)
    assert.equal(3, compile(add, { cc = folder .. "/cc" })(1, 2))
    files.shell("rm -r %s", folder)
  end)

  it("that fails is tried again by the next call", function()
    local folder = files.folder()
    local f = compile(add, { cc = { "sh", folder .. "/cc" } })
    files.write(folder .. "/cc", "echo no luck; exit 1\n")
    assert.matches("fails:\nno luck", message(f, 1, 2), 1, true)
    assert.same({}, f:versions())
    files.write(folder .. "/cc", 'exec ' .. (os.getenv "CC" or "cc") .. ' "$@"')
    assert.equal(3, f(1, 2))
    files.shell("rm -r %s", folder)
  end)

  it("is cancelled, and the thread that waits for it compiles", function()
    local folder = files.folder()
    local function exists(name)
      local file = io.open(folder .. "/" .. name)
      return file and file:close()
    end
    files.write(folder .. "/cc", ([[
      if [ -e %s/go ]; then exec %s "$@"; fi
      touch %s/on
      while :; do sleep 1; done
    ]]):format(folder, os.getenv "CC" or "cc", folder))
    local f = compile(add, { cc = { "sh", folder .. "/cc" } })
    local first, second
    local compiles = support.start(function()
      first = select(2, pcall(f, 1, 2))
    end)
    support.wait_until(function()
      return exists "on"
    end)
    local waits = support.start(function()
      second = f(3, 4)
    end)
    support.wait_thread_parked(waits)
    files.write(folder .. "/go", "")
    compiles:cancel()
    support.join { compiles, waits }
    assert.is_true(threading.is_cancelled(first))
    assert.equal(7, second)
    assert.equal(1, #f:versions())
    files.shell("rm -r %s", folder)
  end)

  it("lets calls of other types go on", function()
    local folder = files.folder()
    files.write(folder .. "/cc", ([[
      [ -e %s/go ] && { touch %s/on; while [ -e %s/go ]; do :; done; }
      exec %s "$@"
    ]]):format(folder, folder, folder, os.getenv "CC" or "cc"))
    local f = compile(add, { cc = { "sh", folder .. "/cc" } })
    assert.equal(3, f(1, 2))
    files.write(folder .. "/go", "")
    local result
    local t = support.start(function()
      result = f(1.5, 2)
    end)
    support.wait_until(function()
      local file = io.open(folder .. "/on")
      return file and file:close()
    end)
    assert.equal(7, f(3, 4))
    os.remove(folder .. "/go")
    support.join(t)
    assert.equal(3.5, result)
    files.shell("rm -r %s", folder)
  end)

  it("by many threads at once makes one version", function()
    local f = compile(function(n)
      return n + 0x7654321
    end)
    local results, add_result = support.shared_list()
    support.join(support.start_many(4, function()
      add_result(f(1))
    end))
    assert.same({ 0x7654322, 0x7654322, 0x7654322, 0x7654322 }, results)
    assert.equal(1, #f:versions())
  end)

  it("fast need not be exact, and is another version", function()
    local f = compile(add, { fast = true })
    assert.equal(3.0, f(1.0, 2.0))
  end)
end)

local function fib(n)
  return n < 2 and n or fib(n - 1) + fib(n - 2)
end

local function round(n)
  if n > 0 then
    return round(n)
  end
  return 1
end

-- Loops of several kinds that begin by a[1] = 1 and do not end.
local loops = {
  ["while"] = function(a)
    a[1] = 1
    while true do
    end
  end,
  ["repeat with a float"] = function(a)
    a[1] = 1
    local x = 0.5
    repeat
      x = x * 0.5 + 1
    until x < 0
  end,
  ["for"] = function(a)
    a[1] = 1
    local x = 0
    for i = 1, math.maxinteger do
      x = x ~ i
    end
    return x
  end,
  ["calls that branch"] = function(a)
    a[1] = 1
    return fib(90)
  end,
  ["tail calls"] = function(a)
    a[1] = 1
    return round(1)
  end,
  ["while of an Array"] = function(a)
    a[1] = 1
    while a[2] == 0 do
    end
  end,
}

describe("a thread that runs compiled code", function()
  for name, loop in pairs(loops) do
    it("is cancelled in a loop: " .. name, function()
      local f, a, err = compile(loop), Array("int64", 2), nil
      local t = support.start(function()
        err = select(2, pcall(f, a))
      end)
      support.wait_until(function()
        return a[1] == 1
      end)
      assert.is_true(t:cancel "enough")
      support.join(t)
      assert.is_true(threading.is_cancelled(err))
      assert.equal("enough", err.message)
    end)
  end

  it("goes on under a shield", function()
    local f, a, result = compile(loops["while of an Array"]),
      Array("int64", 2), nil
    local t = support.start(function()
      result = table.pack(threading.shield(f, a))
    end)
    support.wait_until(function()
      return a[1] == 1
    end)
    t:cancel()
    a[2] = 1
    support.join(t)
    assert.same({ n = 0 }, result)
  end)

  local child = [[
    local threading, time = require "threading", require "threading.time"
    local a = threading.Array("int64", 2)
    local spin = threading.compile(function(b)
      b[1] = 1
      while b[2] == 0 do end
    end)
    local function when_on(fn)
      threading.Thread { daemon = true, target = function()
        while a[1] == 0 do time.sleep(0) end
        fn()
      end }:start()
    end
  ]]

  it("is the main thread: Ctrl-C ends the call", function()
    for _, call in ipairs { "spin(a)",
      "coroutine.wrap(function() spin(a) end)()" } do
      assert.equal("false\ttrue\n", support.output_of(child .. ([[
        when_on(function()
          assert(io.popen "kill -INT $PPID":close())
        end)
        local ok, err = pcall(function() %s end)
        print(ok, err:find "interrupted!" ~= nil)
      ]]):format(call)))
    end
  end)

  it("is stopped at the end of the program", function()
    assert.equal("end\n", support.output_of(child .. [[
      threading.Thread { daemon = true, target = spin, args = { a } }:start()
      while a[1] == 0 do time.sleep(0) end
      print "end"
    ]]))
  end)

  it("keeps an Array that nothing else refers to", function()
    local f = compile(loops["while of an Array"])
    local a = setmetatable({ Array("int64", 2) }, { __mode = "v" })
    local on = a[1]
    local t = support.start(function()
      return f(a[1])
    end)
    support.wait_until(function()
      return on[1] == 1
    end)
    on = nil
    collectgarbage()
    collectgarbage()
    assert.is_not_nil(a[1])
    a[1][2] = 1
    support.join(t)
  end)
end)

describe("a Value and a Lock", function()
  it("are taken, and returned", function()
    local f = compile(function(v)
      return v
    end)
    local v, l = Value "int64", threading.Lock()
    assert.equal(v, f(v))
    assert.equal(l, f(l))
    assert.same({ "int64 Value", "Lock" }, types_of(f))
  end)
end)
