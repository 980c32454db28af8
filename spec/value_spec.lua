local loops = require "threading.loops"
local support = require "spec.support"
local threading = require "threading"

local Value = threading.Value

describe("Value", function()
  it("has a type and a value, 0 by default", function()
    local i, f = Value "int64", Value("float64", nil)
    assert.equal("int64", i.type)
    assert.equal("float64", f.type)
    assert.equal(0, i.value)
    assert.equal(0, f.value)
    assert.equal("integer", math.type(i.value))
    assert.equal("float", math.type(f.value))
  end)

  it("int64 keeps every integer, and takes floats that are one", function()
    for _, n in ipairs { 0, 1, -1, math.maxinteger, math.mininteger } do
      local v = Value("int64", n)
      assert.equal(n, v.value)
      v.value = 0
      v.value = n
      assert.equal(n, v.value)
    end
    local v = Value("int64", 3.0)
    assert.equal(3, v.value)
    assert.equal("integer", math.type(v.value))
  end)

  it("float64 keeps every float, and takes integers", function()
    for _, x in ipairs { 0.5, -1e300, 5e-324, math.huge, -math.huge } do
      local v = Value("float64", x)
      assert.equal(x, v.value)
      v.value = 0
      v.value = x
      assert.equal(x, v.value)
    end
    local v = Value("float64", 0 / 0)
    assert.not_equal(v.value, v.value)
    v.value = 7
    assert.equal(7.0, v.value)
    assert.equal("float", math.type(v.value))
  end)

  it("fetch_add adds and returns what was there", function()
    for _, type in ipairs { "int64", "float64" } do
      local v = Value(type, 5)
      assert.equal(5, v:fetch_add(3))
      assert.equal(8, v:fetch_add(-10))
      assert.equal(-2, v.value)
      assert.equal(math.type(v.value), math.type(v:fetch_add(0)))
    end
    local f = Value("float64", 0.5)
    assert.equal(0.5, f:fetch_add(0.25))
    assert.equal(0.75, f.value)
  end)

  it("int64 wraps around, as Lua's integers do", function()
    local v = Value("int64", math.maxinteger)
    assert.equal(math.maxinteger, v:fetch_add(1))
    assert.equal(math.mininteger, v.value)
  end)

  it("exchange stores and returns what was there", function()
    for _, type in ipairs { "int64", "float64" } do
      local v = Value(type, 5)
      assert.equal(5, v:exchange(9))
      assert.equal(9, v.value)
    end
  end)

  it("compare_exchange stores if it holds the old one", function()
    for _, type in ipairs { "int64", "float64" } do
      local v = Value(type, 5)
      assert.same({ true, 5 }, { v:compare_exchange(5, 6) })
      assert.equal(6, v.value)
      assert.same({ false, 6 }, { v:compare_exchange(5, 7) })
      assert.equal(6, v.value)
    end
  end)

  it("a counter in many threads loses nothing", function()
    local interval = threading.getswitchinterval()
    local v, f = Value "int64", Value "float64"
    threading.setswitchinterval(5e-5)
    support.join(support.start_many(4, function()
      for _ = 1, 5000 do
        v:fetch_add(1)
        local _, old = nil, f.value
        local stored
        repeat
          stored, old = f:compare_exchange(old, old + 1)
        until stored
      end
    end))
    threading.setswitchinterval(interval)
    assert.equal(20000, v.value)
    assert.equal(20000, f.value)
  end)

  it("fetch_add is not lost beside a C loop on another core", function()
    local v = Value "int64"
    local lock = threading.Lock()
    local t = support.start(loops.change, v, 0, 20000, lock)
    for _ = 1, 2000 do
      local _ <close> = lock:guard()
      v:fetch_add(1)
    end
    support.join(t)
    assert.equal(2000, v.value)
  end)

  it("tostring says type and value", function()
    assert.equal("<threading.Value int64 -3>", tostring(Value("int64", -3)))
    assert.equal("<threading.Value float64 0.5>",
      tostring(Value("float64", 0.5)))
  end)

  it("has no other fields", function()
    local v = Value "int64"
    assert.is_nil(v.foo)
    assert.is_nil(v[1])
    for _, key in ipairs { "foo", "type", "fetch_add", 1, true } do
      local message = support.message(function()
        v[key] = 1
      end)
      assert.matches("no field '" .. tostring(key) .. "' to set", message)
    end
    assert.equal("int64", v.type)
  end)

  it("is collected", function()
    local weak = setmetatable({}, { __mode = "k" })
    weak[Value "int64"] = true
    collectgarbage()
    collectgarbage()
    assert.is_nil(next(weak))
  end)
end)
