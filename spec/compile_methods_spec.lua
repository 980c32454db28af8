-- Methods of Arrays and Values in compiled code, beside the interpreter.

local exact = require "spec.support.exact"
local support = require "spec.support"
local threading = require "threading"

local Array, Value, compile = threading.Array, threading.Value,
  threading.compile
local outcome = exact.outcome
local max, min <const> = math.maxinteger, math.mininteger
local TYPES <const> = { "int8", "int32", "int64", "uint8", "uint64", "float32",
  "float64" }
local EDGES <const> = { 0, 1, -1, 127, 128, 255, -129, 1 << 31, max, min, 0.5,
  3.0, -0.0, 0x1p63, 1e300, 3e38, 1 / 0, 0 / 0, true }

-- Both give the same, and leave the same, for objects of their own.
local function same(f, compiled, make, ...)
  local one, two = make(), make()
  assert.equal(outcome(pcall(f, one, ...)), outcome(pcall(compiled, two, ...)),
    outcome(...))
  assert.equal(tostring(one), tostring(two))
end

describe("a Value in compiled code", function()
  for _, type in ipairs(TYPES) do
    local function make() return Value(type, 100) end

    it("adds and exchanges as in Lua: " .. type, function()
      for _, source in ipairs { "v:fetch_add(x), v.value",
        "v:exchange(x), v.value", "v:fetch_add(), x", "v:exchange(), x" } do
        local f = load("return function(v, x) return " .. source .. " end",
          "=method")()
        local compiled = compile(f)
        for _, x in ipairs(EDGES) do
          same(f, compiled, make, x)
        end
        same(f, compiled, make)
      end
    end)

    it("is exchanged where it is the expected one: " .. type, function()
      local function f(v, old, new)
        local done, before = v:compare_exchange(old, new)
        return done, before, v.value
      end
      local compiled = compile(f)
      for _, old in ipairs { 100, 100.0, 7, 0.5, 1e300, true } do
        for _, new in ipairs(EDGES) do
          same(f, compiled, make, old, new)
        end
        same(f, compiled, make, old)
      end
    end)
  end

  it("counts for all threads", function()
    local count = compile(function(v, w, n)
      for _ = 1, n do
        v:fetch_add(1)
        repeat
          local old = w.value
        until w:compare_exchange(old, old + 0.5)
      end
    end)
    local v, w = Value "int32", Value "float64"
    local threads = {}
    for i = 1, 4 do
      threads[i] = support.start(count, v, w, 20000)
    end
    for _, t in ipairs(threads) do
      support.join(t)
    end
    assert.equal(80000, v.value)
    assert.equal(40000.0, w.value)
  end)

  it("has a type", function()
    exact.check(function(v, a)
      return v.type == "int8", a.type == "int8", a.type == "float32"
    end, { { Value "int8", Array("int8", 1) },
      { Value "float32", Array("float32", 0) } })
  end)
end)

describe("an Array in compiled code", function()
  it("is filled as in Lua", function()
    local function f(a, v, i, j)
      local b = a:fill(v, i, j)
      return b == nil, a[1], a[#a]
    end
    local compiled = compile(f)
    for _, type in ipairs(TYPES) do
      local function make() return Array(type, { 1, 2, 3, 4 }) end
      for _, v in ipairs(EDGES) do
        same(f, compiled, make, v)
        same(f, compiled, make, v, 2)
      end
      same(f, compiled, make)
    end
    local function make() return Array("int32", 5) end
    local bounds = { nil, 0, 1, 3, 5, 6, 7, -1, 2.0, 2.5, max, min, true }
    for i = 1, 13 do
      for j = 1, 13 do
        same(f, compiled, make, 7, bounds[i], bounds[j])
      end
    end
  end)

  it("is what fill returns", function()
    local a = Array("int8", 3)
    assert.equal(a, compile(function(b) return b:fill(2) end)(a))
    assert.equal(2, a[3])
  end)
end)

describe("an error after a method", function()
  it("is what Lua raises", function()
    local function f(v, x)
      v:exchange(x)
      return x + v, v.value
    end
    same(f, compile(f), function() return Value("int8", 1) end, 5)
    local function g(v, x)
      v:fetch_add(1)
      return x | 1
    end
    same(g, compile(g), function() return Value("int8", 1) end, 0.5)
  end)
end)

describe("a field of a Value", function()
  it("may be where Lua before 5.4.5 sees a later error", function()
    for _, source in ipairs { "local y = v.value", "v.value = 3",
      "local y = v.type", "local y = up.value", "up.value = 3" } do
      local f = load("local up = ...\nreturn function(v, x)\n" .. source
        .. "\n\nreturn 5 // x\nend", "=f")(Value "int8")
      same(f, compile(f), function() return Value "int8" end, 0)
    end
  end)
end)

describe("a method that is not known", function()
  it("is refused", function()
    for name, object in pairs { copy = Array("int8", 1),
      totable = Array("int8", 1), guard = threading.Lock() } do
      local f = load("return function(x) x:" .. name .. "() end", "=f")()
      assert.equal("f:1: cannot compile: the method " .. name
        .. " (call it outside)", select(2, pcall(compile(f), object)))
    end
  end)
end)
