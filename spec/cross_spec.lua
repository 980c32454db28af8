-- What crosses from one Lua state to another, and what does not: every row of
-- the table in docs/interpreters.md. Within one state; what needs two is below.

local _thread = require "threading._thread"
local futures = require "threading.futures"
local interpreters = require "threading.interpreters"
local kernels = require "spec.support.kernels"
local queue = require "threading.queue"
local support = require "spec.support"
local threading = require "threading"

local describe, it, assert = describe, it, assert
local setup, teardown = setup, teardown
local lazy_setup, lazy_teardown = lazy_setup, lazy_teardown
local _ENV = package.loaded._G -- not that of the specs, which would be copied

local decode, encode = _thread._decode, _thread._encode

local function cross(...)
  return decode(encode(...))
end

-- What is said of values that cannot cross.
local function refused(text, ...)
  assert.equal(text, support.message(encode, ...))
end

local function same_bits(x)
  return string.pack("n", x)
end

describe("plain values", function()
  it("are copied, and as many as there are", function()
    assert.equal(0, select("#", cross()))
    assert.same({ n = 3 }, table.pack(cross(nil, nil, nil)))
    assert.same({ n = 4, true, false, nil, 1 },
      table.pack(cross(true, false, nil, 1)))
    local many = {}
    for i = 1, 200 do
      many[i] = i * 3
    end
    assert.same(many, { cross(table.unpack(many)) })
  end)

  it("integers and floats keep their type and every bit", function()
    for _, n in ipairs { 0, 1, -1, 255, 256, 65536, 1 << 31, 1 << 32,
        math.maxinteger, math.mininteger } do
      assert.equal(n, cross(n))
      assert.equal("integer", math.type(cross(n)))
    end
    local quiet = string.unpack("n", string.pack("I8", 0x7ff8000000000abc))
    for _, x in ipairs { 0.0, -0.0, 1.0, 0.1, 5e-324, -1e308, 1 / 0, -1 / 0,
        0 / 0, quiet, -quiet } do
      assert.equal("float", math.type(cross(x)))
      assert.equal(same_bits(x), same_bits(cross(x)))
    end
  end)

  it("strings keep every byte, at all lengths", function()
    for _, n in ipairs { 0, 1, 2, 39, 40, 41, 254, 255, 256, 257, 70000 } do
      local s = ("\0\r\n\255x"):rep(n):sub(1, n)
      assert.equal(s, cross(s))
    end
  end)

  it("a long string is once in a message", function()
    local s, t = ("x"):rep(100000), {}
    for i = 1, 100 do
      t[i] = i % 2 == 0 and { [s] = i } or s
    end
    local message = encode(t, s)
    assert.is_true(message:size() < 110000)
    assert.same({ t, s }, { decode(message) })
  end)

  it("a light userdata is the same pointer", function()
    local key = _thread._key
    assert.equal(key, cross(key))
  end)
end)

describe("a table", function()
  it("is copied with all its keys", function()
    local t = { 1, "two", 3.5, true, { 5 }, nil, 7, [0] = "zero",
      [-1] = "minus", [1.5] = "float", [true] = "yes", [false] = "no",
      [1 << 40] = "far",
      name = "n", [""] = "empty", ["a b"] = {} }
    local copy = cross(t)
    assert.same(t, copy)
    assert.not_equal(t, copy)
    assert.not_equal(t[5], copy[5])
  end)

  it("may have tables and functions as keys", function()
    local key = { "key" }
    local copy_key, copy = cross(key, { [key] = 1, [print] = 2 })
    assert.equal(1, copy[copy_key])
    assert.equal(2, copy[print])
  end)

  it("has runs of numbers, in any mixture", function()
    local t = {}
    for i = 1, 3000 do
      local kind = (i // 7 + i // 50) % 5
      t[i] = kind == 0 and i or kind == 1 and i + 0.5 or kind == 2 and -i
        or kind == 3 and tostring(i) or i % 256
    end
    local copy = cross(t)
    assert.equal(3000, #copy)
    for i = 1, 3000 do
      assert.equal(t[i], copy[i])
      assert.equal(math.type(t[i]), math.type(copy[i]))
    end
  end)

  it("with holes, and with elements in its hash part", function()
    local t = {}
    for i = 100, 1, -1 do
      t[i] = i
    end
    for i = 7, 100, 7 do
      t[i] = nil
    end
    assert.same(t, cross(t))
    local sparse = { [1] = 1, [2] = 2, [4] = 4, [1 << 20] = 5 }
    assert.same(sparse, cross(sparse))
    assert.same({}, cross {})
  end)

  it("keeps cycles, and what is shared", function()
    local inner = {}
    local t = { inner, inner, a = inner }
    t.self, inner.up = t, t
    local copy, again, inner_copy = cross(t, t, inner)
    assert.equal(copy, again)
    assert.equal(copy, copy.self)
    assert.equal(copy[1], copy[2])
    assert.equal(copy[1], copy.a)
    assert.equal(copy[1], inner_copy)
    assert.equal(copy, copy[1].up)
    local other = cross(t)
    assert.not_equal(copy, other) -- each message has its own
  end)

  it("is read raw", function()
    local called = false
    local function touch()
      called = true
    end
    local t = setmetatable({ 1 }, { __index = touch, __pairs = touch,
      __len = touch, __newindex = touch })
    local copy = cross(t)
    assert.same({ 1 }, { rawget(copy, 1) })
    assert.is_false(called)
  end)

  it("may be a list of a million links", function()
    local n = support.is_instrumented() and 100000 or 1000000
    local list
    for i = 1, n do
      list = { next = list, i = i }
    end
    local copy = cross(list)
    for i = n, 1, -1 do
      if copy.i ~= i then
        error("link " .. i)
      end
      copy = copy.next
    end
    assert.is_nil(copy)
  end)

  it("may be nested 10,000 deep, by keys, too", function()
    local t = { "bottom" }
    for i = 1, 10000 do
      t = i % 3 == 0 and { [t] = i } or { t, i }
    end
    local copy = cross(t)
    for i = 10000, 1, -1 do
      local key, value = next(copy)
      if i % 3 == 0 then
        assert(value == i)
        copy = key
      else
        assert(copy[2] == i)
        copy = copy[1]
      end
    end
    assert.same({ "bottom" }, copy)
  end)

  it("of wide and deep ones what is shared far below stays shared", function()
    local shared = {}
    local function deep(n)
      local t = { shared, n }
      for _ = 1, n do
        t = { t }
      end
      return t
    end
    local lists = {}
    for n = 90, 110 do
      lists[#lists + 1] = deep(n)
    end
    local copies, copy = cross(lists, shared)
    for i, t in ipairs(copies) do
      while #t == 1 do
        t = t[1]
      end
      assert.equal(copy, t[1])
      assert.equal(89 + i, t[2])
    end
  end)
end)

describe("a metatable", function()
  local Point = {}
  Point.__index = Point

  function Point.new(x)
    return setmetatable({ x = x }, Point)
  end

  function Point:get()
    return self.x
  end

  function Point:twice()
    return Point.new(2 * self.x)
  end

  it("that belongs to no module stays one class over messages", function()
    local p, q = cross(Point.new(3)), cross(Point.new(4))
    assert.equal(3, p:get())
    assert.equal(4, q:get())
    assert.equal(getmetatable(p), getmetatable(q))
    assert.equal(Point, getmetatable(p)) -- here it is the class itself
    assert.equal(8, q:twice().x)
  end)

  it("is the same as what it is an upvalue of", function()
    local Class = {}
    Class.__index = Class
    local function make()
      return setmetatable({}, Class)
    end
    local made, object = cross(make, make())
    assert.equal(getmetatable(object), getmetatable(made()))
  end)

  it("of a module's field is that field", function()
    package.loaded["spec.support.a_class"] = { Class = { __index = math } }
    local Class = package.loaded["spec.support.a_class"].Class
    local message = encode(setmetatable({}, Class))
    package.loaded["spec.support.a_class"] = { Class = { "another" } }
    assert.equal(package.loaded["spec.support.a_class"].Class,
      getmetatable(decode(message)))
    package.loaded["spec.support.a_class"] = { }
    assert.error_matches(function() decode(message) end,
      "a message needs spec.support.a_class.Class, which the module " ..
      "'spec.support.a_class' does not have here")
    package.loaded["spec.support.a_class"] = nil
    assert.error_matches(function() decode(message) end,
      "a message needs the module 'spec.support.a_class' here, for " ..
      "spec.support.a_class.Class: module 'spec.support.a_class' not found:")
  end)

  it("may have a metatable, and be its own", function()
    local Base = { greet = function() return "hello" end }
    Base.__index = Base
    local Derived = setmetatable({}, Base)
    Derived.__index = Derived
    assert.equal("hello", cross(setmetatable({}, Derived)):greet())
    local self = {}
    setmetatable(self, self)
    local copy = cross(self)
    assert.equal(copy, getmetatable(copy))
  end)

  it("keeps its keys and values weak", function()
    local t = cross(setmetatable({ {} }, { __mode = "v" }))
    collectgarbage()
    assert.is_nil(next(t))
  end)

  it("may have what is nested deeply, and is passed over all the same",
    function()
      local Class, n = {}, 0
      for _ = 1, 150 do
        Class.deep = { Class.deep }
      end
      local copy = cross(setmetatable({ 1 }, Class), { 2 })
      local deep = getmetatable(copy).deep
      while deep do
        n, deep = n + 1, deep[1]
      end
      assert.equal(150, n)
      assert.equal(1, copy[1])
    end)

  it("of each object's own is no matter", function()
    local list = {}
    for i = 1, 3000 do
      list[i] = setmetatable({}, { __index = { number = i } })
    end
    local copy = cross(list, list[1])
    for i = 1, 3000 do
      assert(copy[i].number == i)
    end
  end)

  it("that was known as a table before is the class in one message", function()
    for _, first in ipairs { true, false } do
      local Class = { number = 1 }
      local object = setmetatable({}, Class)
      local a, b = cross(first and Class or object, first and object or Class)
      assert.equal(first and a or getmetatable(a),
        first and getmetatable(b) or b)
    end
  end)

  it("with a finaliser is refused", function()
    refused("args[1].x: an object with a finaliser (__gc) cannot cross: both "
      .. "copies would be finalised; make it there",
      { x = setmetatable({}, { __gc = function() end }) })
  end)
end)

describe("a function", function()
  it("of a module crosses by name, as the module", function()
    for _, f in ipairs { print, string.format, table.concat, math.max,
        coroutine.wrap, threading.Lock, threading.parallel_for,
        _thread.get_ident, require, io.open } do
      assert.equal(f, cross(f))
    end
    assert.equal(string, cross(string))
    assert.equal(threading, cross(threading))
    assert.equal(_G, cross(_G))
  end)

  it("of Lua is its code, and what it has around it", function()
    local base, list = 10, { 1, 2 }
    local function f(x)
      return base + x, list
    end
    local copy = cross(f)
    local sum, copied = copy(5)
    assert.equal(15, sum)
    assert.same(list, copied)
    assert.not_equal(list, copied)
    assert.not_equal(f, copy)
  end)

  it("shares its upvalues with others of the message", function()
    local n = 0
    local function add()
      n = n + 1
      return n
    end
    local function get()
      return n
    end
    local a, g = cross(add, get)
    a()
    a()
    assert.equal(2, g())
    assert.equal(0, get())
    local both = cross { add, get }
    both[1]()
    assert.equal(1, both[2]())
  end)

  it("may call itself and others", function()
    local odd
    local function even(n)
      return n == 0 or odd(n - 1)
    end
    function odd(n)
      return n ~= 0 and even(n - 1)
    end
    local copy = cross(even)
    assert.is_true(copy(10))
    assert.is_false(copy(11))
  end)

  it("has the globals of where it comes to", function()
    local function f()
      return _G, a_global_of_this_spec -- luacheck: ignore 113
    end
    _G.a_global_of_this_spec = 7
    local globals, value = cross(f)()
    _G.a_global_of_this_spec = nil
    assert.equal(_G, globals)
    assert.equal(7, value)
  end)

  it("has its file and lines in errors and debug information", function()
    local function fails(value)
      error("here " .. value)
    end
    local copy = cross(fails)
    local _, ours = pcall(fails, 1)
    local _, theirs = pcall(copy, 1)
    assert.equal(ours, theirs)
    assert.equal(debug.getinfo(fails, "S").linedefined,
      debug.getinfo(copy, "S").linedefined)
    assert.equal("value", debug.getlocal(copy, 1))
  end)

  it("in a chain of 10,000 is as deep as it likes", function()
    local f = function() return 0 end
    for _ = 1, 10000 do
      local inner = f
      f = function() return inner end
    end
    local copy, n = cross(f), 0
    while copy ~= 0 do
      copy, n = copy(), n + 1
    end
    assert.equal(10001, n)
  end)

  it("of C without a name is refused", function()
    refused("args[2]: upvalue 'f': a C function that no module has cannot "
      .. "cross: put it into a module's table, or call it from a Lua function "
      .. "that finds it there", 1, (function()
        local f = string.gmatch("a", "a")
        return function() return f end
      end)())
  end)
end)

describe("an object that is made to be shared", function()
  for name, make in pairs {
    Array = function() return threading.Array("int32", 3) end,
    Value = function() return threading.Value "int64" end,
    Lock = threading.Lock, RLock = threading.RLock, RWLock = threading.RWLock,
    Semaphore = threading.Semaphore,
    BoundedSemaphore = threading.BoundedSemaphore,
    Event = threading.Event, Condition = threading.Condition,
    Barrier = function() return threading.Barrier(2) end,
  } do
    it("is the same object: " .. name, function()
      local object = make()
      local message = encode({ object }, object)
      local t, copy = decode(message)
      assert.equal(object, copy)
      assert.equal(object, t[1])
    end)
  end

  it("lives as long as a message that has it", function()
    local message = encode(threading.Array("int32", { 1, 2, 3 }))
    collectgarbage()
    collectgarbage()
    assert.same({ 1, 2, 3 }, decode(message):totable())
  end)
end)

describe("what runs without the global lock", function()
  lazy_setup(kernels.make)
  lazy_teardown(kernels.remove)

  it("is the same code: a kernel's function", function()
    local k = threading.kernel [[
      double sum(const double *a, size_t n) {
        double s = 0;
        for (size_t i = 0; i < n; i++) s += a[i];
        return s;
      }
      int64_t twice(int64_t n) { return 2 * n; }
    ]]
    local message = encode(k, k.sum)
    for _ = 1, 2 do
      local copy, sum = decode(message)
      assert.equal(copy.sum, sum)
      assert.equal(6, sum(threading.Array("float64", { 1, 2, 3 }), 3))
      assert.equal(14, copy.twice(7))
      assert.error_matches(function() copy.twice "x" end,
        "bad argument #1 to 'twice'")
    end
  end)

  it("is compiled there, with what it has around it: a compiled function",
    function()
      local fib, base = nil, 10
      fib = threading.compile(function(n)
        if n < 2 then
          return n + base
        end
        return fib(n - 1) + fib(n - 2)
      end, { eager = { "integer" } })
      base = 0
      local copy, list = cross(fib, { fib })
      assert.equal(copy, list[1])
      assert.not_equal(fib, copy)
      assert.equal(6765, copy(20))
      assert.equal("integer", copy:versions()[1].types)
    end)

  it("is compiled there with the options that a function was compiled with",
    function()
      local options = { fast = true }
      local twice = threading.compile(function(n) return 2 * n end, options)
      options.fast = "changed later"
      assert.equal(14, cross(twice)(7))
    end)
end)

describe("random graphs of values", function()
  it("are the same graphs afterwards", function()
    local round = require("fuzz.values").round
    round(require "tools.stress.random" (3), 300, cross)
  end)

  it("are the same graphs after a way there and back", function()
    local i <close> = interpreters.create()
    local round = require("fuzz.values").round
    round(require "tools.stress.random" (4), 300, function(...)
      return i:call(function(...)
        return ...
      end, ...)
    end)
  end)
end)

describe("in another interpreter", function()
  local i

  setup(function()
    i = interpreters.create()
    i:call(function(path)
      package.path = path
    end, "./?.lua;" .. package.path)
  end)

  teardown(function()
    i:close()
  end)

  local Point = { instances = 0 }
  Point.__index = Point

  function Point.new(x)
    return setmetatable({ x = x }, Point)
  end

  function Point:twice()
    return Point.new(2 * self.x)
  end

  it("a class is one over messages, and comes back as itself", function()
    local first = i:call(function(p)
      _G.class = getmetatable(p)
      _G.class.instances = 5 -- it is not written over by the next message
      return p
    end, Point.new(1))
    assert.equal(Point, getmetatable(first))
    local same, instances, twice, own = i:call(function(p, q)
      return getmetatable(p) == _G.class and getmetatable(q) == _G.class,
        getmetatable(q).instances, p:twice(),
        getmetatable(p:twice()) == _G.class
    end, Point.new(2), Point.new(3))
    assert.is_true(same)
    assert.equal(5, instances)
    assert.equal(0, Point.instances)
    assert.is_true(own)
    assert.equal(Point, getmetatable(twice))
    assert.equal(4, twice.x)
  end)

  it("a class of there is one here", function()
    local a = i:call(function()
      local Class = { number = 7 }
      Class.__index = Class
      _G.object = setmetatable({}, Class)
      return _G.object
    end)
    local b, is_class = i:call(function(back)
      return _G.object, getmetatable(back) == getmetatable(_G.object)
    end, a)
    assert.equal(7, a.number)
    assert.equal(getmetatable(a), getmetatable(b))
    assert.is_true(is_class)
  end)

  it("what a class refers to is the same as what it was beside", function()
    local Class = { defaults = { 1 }, print = print }
    Class.__index = Class
    local function check(class, object, defaults)
      return getmetatable(object).defaults == defaults
        and object.own == defaults and class == getmetatable(object)
        and object.print == print and class.print == print
    end
    local object = setmetatable({ own = Class.defaults }, Class)
    assert.is_true(i:call(check, Class, object, Class.defaults))
    local i2 <close> = interpreters.create()
    assert.is_true(i2:call(function(o)
      return o.own == getmetatable(o).defaults
    end, object))
    assert.is_true(i2:call(function(o, p)
      return o.print == p
    end, object, print))
  end)

  it("a class is collected when nobody has it", function()
    assert.is_true(i:call(function(p)
      local weak = setmetatable({ getmetatable(p) }, { __mode = "v" })
      p, _G.class = nil, nil -- luacheck: ignore 311
      collectgarbage()
      collectgarbage()
      return weak[1] == nil
    end, setmetatable({}, { __index = { 1 } })))
  end)

  it("modules are those of there, required if need be", function()
    assert.is_true(i:call(function(f, m, json)
      return f == string.format and m == math
        and json == require "spec.support.exact"
    end, string.format, math, require "spec.support.exact"))
  end)

  it("a module that is missing there is named, and what for", function()
    package.loaded["spec.no_module"] = { f = function() return 1 end }
    local f = package.loaded["spec.no_module"].f
    assert.error_matches(function() i:call(type, f) end,
      "a message needs the module 'spec.no_module' here, for " ..
      "spec.no_module.f: module 'spec.no_module' not found:")
    assert.error_matches(function()
      i:call(type, package.loaded["spec.no_module"])
    end, "a message needs the module 'spec.no_module' here, for its value")
    package.loaded["spec.no_module"] = nil
    assert.equal("function", i:call(type, f))
  end)

  it("a field that a module lacks there is named", function()
    local f = string.gmatch("a", "a")
    rawset(math, "another_field", f)
    assert.error_matches(function() i:call(type, f) end,
      "a message needs math.another_field, which the module 'math' does not " ..
      "have here")
    rawset(math, "another_field", nil)
  end)

  it("functions have the globals of there, and upvalues of their own",
    function()
      local n = 1
      local function count()
        n = n + 1
        return n, _G
      end
      assert.is_true(i:call(function(f)
        local two, globals = f()
        return two == 2 and f() == 3 and globals == _G
      end, count))
      assert.equal(1, n)
    end)

  it("functions cross again and again, each with its own upvalues", function()
    local n = 1
    local function count()
      n = n + 1
      return n
    end
    local function plain()
      return print, 5
    end
    for round = 1, 5 do
      n = 10 * round
      local twice, there = i:call(function(f)
        f()
        return f(), _G.print == print
      end, count)
      assert.same({ 10 * round + 2, true }, { twice, there })
      assert.same({ true, 5 }, { i:call(function(f)
        local printer, five = f()
        return printer == print, five
      end, plain) })
    end
    -- Code of the same length, and a function that is no more.
    for round = 1, 20 do
      do
        local f = load(("return %d"):format(100 + round))
        for _ = 1, 3 do
          assert.equal(100 + round, i:call(f))
        end
      end
      collectgarbage()
    end
    i:call(collectgarbage)
    assert.equal(5, select(2, i:call(plain)))
  end)

  it("a function's other globals are not those of its next call", function()
    local leave = load "local before = x; _ENV = { x = 1 }; return before"
    for _ = 1, 3 do
      assert.is_nil(i:call(leave))
    end
  end)

  it("a global that only the caller has is told of", function()
    rawset(_G, "a_helper", function() end)
    local ok, err = pcall(i.call, i, function()
      a_helper() -- luacheck: ignore 113
    end)
    rawset(_G, "a_helper", nil)
    assert.is_false(ok)
    assert.matches("^spec/cross_spec.lua:%d+: attempt to call a nil value " ..
      "%(global 'a_helper'%): 'a_helper' is a global of the caller: [^\n]*" ..
      "prepare_main[^\n]*\nstack traceback:", err)
    assert.not_matches("caller", select(2, pcall(i.call, i, function()
      a_helper() -- luacheck: ignore 113
    end)))
  end)

  it("objects are shared by reference, and outlive their maker", function()
    local i2 = interpreters.create()
    local array, lock, event, value = i2:call(function()
      local there = require "threading"
      local a = there.Array("int32", { 1, 2, 3 })
      _G.a = a
      return a, there.Lock(), there.Event(), there.Value("int64", 8)
    end)
    array[1] = 10
    assert.equal(10, i2:call(load "return a[1]"))
    assert.is_true(i2:call(function(a) return a == _G.a end, array))
    i2:close()
    collectgarbage()
    assert.same({ 10, 2, 3 }, array:totable())
    assert.equal(8, value.value)
    lock:acquire()
    assert.is_true(i:call(function(l, e)
      e:set()
      return l:locked()
    end, lock, event))
    assert.is_true(event:is_set())
    lock:release()
  end)

  it("a Condition has its lock, shared, too", function()
    local lock = threading.Lock()
    local condition = threading.Condition(lock)
    assert.is_true(i:call(function(c, l)
      l:acquire()
      local held = c:locked()
      c:release()
      return held and not l:locked()
    end, condition, lock))
  end)

  it("interpreters cross", function()
    assert.equal(i, i:call(function(same)
      return same
    end, i))
  end)
end)

describe("eight interpreters", function()
  it("hand on what they have been given, in a ring", function()
    local N <const>, ROUNDS <const> = 8, 30
    local Point = {}
    Point.__index = Point

    function Point:sum()
      return self.x + self.y
    end

    local queues, all, threads = {}, {}, {}
    local lock, total = threading.Lock(), threading.Value "int64"
    local counts = threading.Array("int64", N)
    for k = 1, N do
      queues[k] = interpreters.create_queue(4)
    end
    local function run(k, seed)
      for r = 1, ROUNDS do
        queues[k % N + 1]:put {
          p = setmetatable({ x = k, y = r }, getmetatable(seed)),
          f = function(p) return p:sum() + r end, text = ("z"):rep(300),
          own = setmetatable({}, { __index = { k = k } }), m = math,
          lock = lock,
        }
        local item = queues[k]:get()
        assert(getmetatable(item.p) == getmetatable(seed) and item.m == math)
        assert(item.f(item.p) == item.p.x + 2 * r and #item.text == 300)
        assert(item.own.k == item.p.x)
        item.lock:acquire()
        total.value = total.value + 1
        item.lock:release()
        counts[k] = counts[k] + 1
      end
    end
    local seed = setmetatable({}, Point)
    for k = 1, N do
      all[k] = interpreters.create()
      threads[k] = all[k]:call_in_thread(run, k, seed)
    end
    for k = 1, N do
      support.join(threads[k])
      all[k]:close()
      assert.equal(ROUNDS, counts[k])
    end
    assert.equal(N * ROUNDS, total.value)
  end)
end)

describe("what cannot cross is refused, with its path:", function()
  it("a coroutine", function()
    refused("args[1]: coroutine cannot cross: pass the function, and make the "
      .. "coroutine there", coroutine.create(print))
  end)

  it("a file", function()
    refused("args[1].list[3]: upvalue 'file': FILE* cannot cross: pass its "
      .. "name, and open it there", { list = { 1, 2, (function()
        local file = io.stdout
        return function() return file end
      end)() } })
  end)

  it("a queue", function()
    for name, q in pairs { Queue = queue.Queue(), SimpleQueue =
        queue.SimpleQueue() } do
      refused("args[2]: threading." .. name .. " cannot cross: use a queue "
        .. "of threading.interpreters.create_queue()", 1, q)
    end
  end)

  it("a Thread", function()
    refused("args[1]: threading.Thread cannot cross: start a thread there; an "
      .. "Event crosses", threading.Thread { target = print })
  end)

  it("a Timer, a Local, a Future", function()
    refused("args[1]: threading.Timer cannot cross: start a timer there; an "
      .. "Event crosses", threading.Timer(1, print))
    refused("args[1]: threading.Local cannot cross: it is of the threads here; "
      .. "pass what is in it", threading.Local())
    local pool <close> = futures.ThreadPoolExecutor { max_workers = 1 }
    refused("args[1]: threading.Future cannot cross: wait for it here, and "
      .. "pass its result", pool:submit(type, 1))
  end)

  it("a Barrier with an action, a Condition over a lock of the program's",
    function()
      refused("args[1]: threading.Barrier cannot cross: make it without an "
        .. "action, and let the thread act for which wait() returns 0",
        threading.Barrier(2, print))
      refused("args[1]: threading.Condition cannot cross: make it over a "
        .. "threading.Lock or a threading.RLock",
        threading.Condition { acquire = print, release = print })
    end)

  it("by any kind of way", function()
    local co = coroutine.create(print)
    local why = "coroutine cannot cross: pass the function, and make the " ..
      "coroutine there"
    refused("args[1][\"a b\"][1.5][true]: " .. why,
      { ["a b"] = { [1.5] = { [true] = co } } })
    refused("args[1]: a key: " .. why, { [co] = 1 })
    refused("args[1][-1]: a key[1]: " .. why, { [-1] = { [{ co }] = 1 } })
    refused("args[1][a table]: " .. why, { [{}] = co })
    refused("args[1]: metatable.__index: upvalue 'co': " .. why,
      setmetatable({}, { __index = function() return co end }))
    refused("args[2].f: upvalue 't'.x: " .. why, nil, { f = (function()
      local t = { x = co }
      return function() return t end
    end)() })
  end)

  it("from deep below, in the middle left out", function()
    local t = { coroutine.create(print) }
    for _ = 1, 30 do
      t = { n = t }
    end
    refused("args[1]" .. (".n"):rep(7) .. "..." .. (".n"):rep(7) ..
      "[1]: coroutine cannot cross: pass the function, and make the " ..
      "coroutine there", t)
    for _ = 1, 1000 do
      t = { n = t }
    end
    local ok, err = pcall(encode, 0, t)
    assert.is_false(ok)
    assert.matches("args%[2%]%.%.%..*%[1%]: coroutine cannot cross", err)
  end)
end)
