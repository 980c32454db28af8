local loops = require "threading.loops"
local support = require "spec.support"
local threading = require "threading"

local Value = threading.Value

local NARROW <const> = {
  int8 = { -128, 127 },
  int16 = { -32768, 32767 },
  int32 = { -2147483648, 2147483647 },
  uint8 = { 0, 255 },
  uint16 = { 0, 65535 },
  uint32 = { 0, 4294967295 },
}

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

  it("int64 and uint64 wrap around, as Lua's integers do", function()
    local v = Value("int64", math.maxinteger)
    assert.equal(math.maxinteger, v:fetch_add(1))
    assert.equal(math.mininteger, v.value)
    v = Value("uint64", -1) -- 2^64 - 1
    assert.equal(-1, v:fetch_add(1))
    assert.equal(0, v.value)
    assert.equal(0, v:fetch_add(2.0 ^ 63))
    assert.equal(math.mininteger, v.value)
  end)

  it("each type keeps what it can hold, and refuses the rest", function()
    for type, ends in pairs(NARROW) do
      local least, most = ends[1], ends[2]
      local v = Value(type)
      assert.equal(type, v.type)
      assert.equal(0, v.value)
      for _, n in ipairs { least, most, 1, 1.0 } do
        v.value = n
        assert.equal(n, v.value)
        assert.equal("integer", math.type(v.value))
        assert.equal(n, Value(type, n).value)
        assert.equal(n, v:exchange(5))
        assert.same({ true, 5 }, { v:compare_exchange(5, n) })
        assert.same({ false, n }, { v:compare_exchange(5, 1) })
      end
      for _, n in ipairs { least - 1, most + 1, most + 1.0, 2.0 ^ 64,
        math.mininteger, math.maxinteger } do
        local text = ("%s does not fit %s"):format(n, type)
        assert.equal("value: " .. text, support.message(function()
          v.value = n
        end))
        for name, message in pairs {
          initial = support.message(Value, type, n),
          x = support.message(v.exchange, v, n),
          old = support.message(v.compare_exchange, v, n, 1),
          new = support.message(v.compare_exchange, v, 1, n),
        } do
          assert.matches(("(%s: %s)"):format(name, text), message, 1, true)
        end
      end
      assert.equal(1, v.value)
    end
    assert.equal("value: 300 does not fit int8", support.message(function()
      Value "int8".value = 300
    end))
  end)

  it("an integer is no fraction, no infinity, no NaN, no text", function()
    for _, type in ipairs { "int8", "int16", "int32", "int64", "uint8",
      "uint16", "uint32", "uint64" } do
      local v = Value(type, 7)
      local object = setmetatable({}, {}) -- a plain table is one of options
      for _, x in ipairs { 0.5, 0 / 0, math.huge, -math.huge, "1", true,
        object } do
        for _, fn in ipairs {
          function() v.value = x end,
          function() v:fetch_add(x) end,
          function() v:exchange(x) end,
          function() v:compare_exchange(7, x) end,
          function() v:compare_exchange(x, 1) end,
          function() Value(type, x) end,
        } do
          local why = math.type(x)
            and (x - x == 0 and "0.5 is not an integer"
              or x ~= x and "nan is not an integer" or "inf does not fit")
            or "integer expected, got " .. _G.type(x)
          assert.matches(why, support.message(fn), 1, true)
        end
      end
      assert.equal(7, v.value)
    end
  end)

  it("a sum that does not fit is refused, and changes nothing", function()
    for type, ends in pairs(NARROW) do
      local least, most = ends[1], ends[2]
      local v = Value(type, most)
      assert.matches(("(n: %d + 1 does not fit %s)"):format(most, type),
        support.message(v.fetch_add, v, 1), 1, true)
      for _, n in ipairs { math.maxinteger, least - most - 1,
        math.mininteger } do
        assert.matches("does not fit " .. type,
          support.message(v.fetch_add, v, n))
      end
      assert.equal(most, v.value)
      -- What is added need not fit: the sum does.
      assert.equal(most, v:fetch_add(least - most))
      assert.equal(least, v:fetch_add(most - least))
      assert.equal(most, v.value)
    end
    local f = Value("float32", 3e38)
    assert.matches("does not fit float32",
      support.message(f.fetch_add, f, 1e38))
    assert.equal(f.value, f:fetch_add(math.huge))
    assert.equal(math.huge, f.value)
  end)

  it("a uint64 is the bits of an integer", function()
    local v = Value("uint64", -1)
    assert.equal(-1, v.value)
    assert.equal("<threading.Value uint64 18446744073709551615>", tostring(v))
    v.value = 2.0 ^ 63
    assert.equal(math.mininteger, v.value)
    v.value = math.maxinteger
    assert.equal(math.maxinteger, v.value)
    for _, n in ipairs { 2.0 ^ 64, -2.0 ^ 64, 0.5, math.huge } do
      assert.matches("^value: %S+ ", support.message(function()
        v.value = n
      end))
    end
    assert.equal(math.maxinteger, v.value)
  end)

  it("float32 rounds, and refuses what would become infinite", function()
    local tenth = string.unpack("f", string.pack("f", 0.1))
    local v = Value("float32", 0.1)
    assert.equal(tenth, v.value)
    assert.is_true((v:compare_exchange(0.1, 0x1.fffffep127)))
    assert.equal(0x1.fffffep127, v.value)
    assert.equal("value: 1e+39 does not fit float32",
      support.message(function()
        v.value = 1e39
      end))
    assert.equal("value: -1e+39 does not fit float32",
      support.message(function()
        v.value = -1e39
      end))
    for _, x in ipairs { math.huge, -math.huge, 0.0 } do
      v.value = x
      assert.equal(x, v.value)
    end
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

  it("compare_exchange compares bits", function()
    local nan = 0 / 0
    for _, type in ipairs { "float32", "float64" } do
      local v = Value(type, 0.0)
      assert.same({ false, "0.0" },
        { v:compare_exchange(-0.0, 1), tostring(v.value) })
      v.value = -0.0
      assert.same({ false, "-0.0" },
        { v:compare_exchange(0.0, 1), tostring(v.value) })
      assert.is_true((v:compare_exchange(-0.0, nan)))
      assert.is_true((v:compare_exchange(nan, 3)))
    end
    assert.is_true((Value("int8", 3):compare_exchange(3.0, 4)))
  end)

  it("a counter of any type in many threads loses nothing", function()
    local _ <close> = support.switch_often()
    for _, type in ipairs { "int16", "int32", "uint16", "uint32", "uint64",
      "float32" } do
      local v = Value(type)
      support.join(support.start_many(4, function()
        for _ = 1, 2000 do
          v:fetch_add(1)
        end
      end))
      assert.equal(8000, v.value)
    end
  end)

  it("a counter in many threads loses nothing", function()
    local _ <close> = support.switch_often()
    local v, f = Value "int64", Value "float64"
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
      assert.matches("cannot set '" .. tostring(key) .. "' of a Value; set its "
        .. "'value'$", message)
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
