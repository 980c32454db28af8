-- What threading.compile reads of a function's bytecode.

local bytecode = require "threading.compile.bytecode"
local flow = require "threading.compile.flow"

local function read(source)
  return bytecode.read(string.dump(assert(load(source, "=chunk"))))
end

local function function_of(source)
  return read(source).protos[1]
end

local function ops(proto)
  local list = {}
  for i, instruction in ipairs(proto.code) do
    list[i] = instruction.op
  end
  return table.concat(list, " ")
end

describe("the reader of bytecode", function()
  it("knows the parameters, the chunk and the lines", function()
    local proto = function_of "\nreturn function(a, b)\n return a +\nb\nend"
    assert.equal("chunk", proto.chunk:match "%w+")
    assert.equal(2, proto.params)
    assert.is_false(proto.vararg)
    assert.equal(2, proto.line)
    assert.equal("ADD MMBIN RETURN1 RETURN0", ops(proto))
    assert.equal(proto.lines[1], proto.lines[2])
    assert.equal("a", proto.locals[1].name)
  end)

  it("knows constants of each kind", function()
    local long = ("x"):rep(300)
    local proto = function_of("return function() return 1 << 40, 2.5, "
      .. "'short', '" .. long .. "', -7 + 2^70 end")
    local found = {}
    for i = 1, proto.constants.n do
      found[proto.constants[i]] = true
    end
    assert.is_true(found[1 << 40] and found[2.5] and found.short
      and found[long])
  end)

  it("knows negative and extreme integers", function()
    for _, n in ipairs { math.mininteger, math.maxinteger, -70000, 70000,
      -0x7FFFFFFFFFFFFFF } do
      local proto = function_of(("return function() return 0x%x end"):format(n))
      assert.equal(n, proto.constants[1])
    end
  end)

  it("knows upvalues and functions inside", function()
    local proto = read [[
      local x, y = 1, 2
      return function() return function() return x + y end end
    ]]
    assert.is_true(proto.vararg)
    local inner = proto.protos[1].protos[1]
    assert.same({ "x", "y" }, { inner.upvalues[1].name,
      inner.upvalues[2].name })
  end)

  it("knows lines that are far apart, and many", function()
    local proto = read(("\n"):rep(1000) .. "local a = 1" .. ("\n"):rep(300)
      .. ("a = a + 1\n"):rep(500) .. "return a")
    assert.equal(1001, proto.lines[2])
    assert.equal(1801, proto.lines[#proto.lines - 1])
  end)

  it("reads what has no names and lines", function()
    local proto = bytecode.read(string.dump(function(a) return a end, true))
    assert.equal("RETURN1 RETURN0", ops(proto))
    assert.same({}, proto.lines)
  end)

  it("knows what it does not know", function()
    assert.is_nil(bytecode.read "")
    assert.is_nil(bytecode.read "\27Lua")
    local dump = string.dump(function() end)
    assert.is_nil(bytecode.read("\27LuaS" .. dump:sub(6)))
    assert.is_nil(bytecode.read(dump:sub(1, 12) .. "\1" .. dump:sub(14)))
  end)
end)

describe("the flow of code", function()
  it("goes both ways at a test, and back at a loop", function()
    local proto = function_of [[return function(n)
      local s = 0
      for i = 1, n do if i > 3 then s = s + i end end
      return s
    end]]
    local leaders, count = flow.leaders(proto.code), 0
    for _ in pairs(leaders) do
      count = count + 1
    end
    assert.is_true(count >= 5)
    for pc, instruction in ipairs(proto.code) do
      if instruction.op == "FORLOOP" then
        local after, back = flow.successors(proto.code, pc)
        assert.equal(pc + 1, after)
        assert.is_true(back < pc and leaders[back])
      end
    end
  end)

  it("knows which registers are still read", function()
    local proto = function_of [[return function(a, b)
      local c = a + 1
      return c * b
    end]]
    local live = flow.liveness(proto)
    assert.same({ [0] = true, [1] = true }, live[1])
    assert.is_nil(live[3][0])
  end)
end)
