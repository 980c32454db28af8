-- f:versions() of a compiled function: how many there are, and why.

local threading = require "threading"

local compile = threading.compile

local function reasons(f)
  local list = {}
  for i, version in ipairs(f:versions()) do
    list[i] = table.concat(version.why, "; ")
  end
  return list
end

describe("versions says why there is each:", function()
  it("arguments of other types", function()
    local f = compile(function(a, b)
      return a, b
    end)
    for _, arguments in ipairs { { 1 }, { 1.5 }, { 1, true }, { 1.5, true },
      { true, 1.5 } } do
      f(table.unpack(arguments))
    end
    assert.same({ "the first version", "argument 1 (a): float, was integer",
      "argument 2 (b): boolean, was nil", "argument 1 (a): float, was integer",
      "argument 1 (a): boolean, was float; argument 2 (b): float, was "
        .. "boolean" }, reasons(f))
  end)

  it("upvalues, globals and fields", function()
    local n, config, twice = 1, { scale = 2 }, function(x)
      return 2 * x
    end
    local more = 1
    local function helper(x)
      return x + more
    end
    local line = debug.getinfo(helper, "S").linedefined
    local f = compile(function(a)
      -- luacheck: globals SPEC_GLOBAL
      return n + config.scale + twice(a) + helper(a), SPEC_GLOBAL
    end)
    f(1)
    n = 1.5
    f(1)
    config = { scale = 2 }
    f(1)
    config.scale = 0.5
    f(1)
    twice = function(x)
      return x
    end
    f(1)
    twice = compile(twice)
    f(1) -- the same function
    more = 0.5
    f(1)
    _G.SPEC_GLOBAL = 5
    f(1)
    _G.SPEC_GLOBAL = nil
    assert.same({ "the first version", "upvalue 'n': float, was integer",
      "upvalue 'config': another table",
      "upvalue 'config.scale': float, was integer",
      "upvalue 'twice': another function", "upvalue 'twice': threading."
        .. "Compiled, was function",
      ("upvalue 'more' of spec/compile_versions_spec.lua:%d: float, was "
        .. "integer"):format(line),
      "global 'SPEC_GLOBAL': integer, was nil" }, reasons(f))
  end)

  it("many, beside the one that is most like each", function()
    local f = compile(function(a, b, c)
      return a, b, c
    end)
    local values = { 1, 1.5, true, false }
    for _, a in ipairs(values) do
      for _, b in ipairs(values) do
        for _, c in ipairs(values) do
          f(a, b, c)
        end
      end
    end
    assert.equal(27, #f:versions())
    for i, version in ipairs(f:versions()) do
      assert.equal(1, #version.why, i)
    end
  end)
end)

describe("a compiled function that reads a new table at each call", function()
  local config
  local function scaled(a)
    return a * config.scale + config.more
  end

  it("keeps a number of versions, and gives what is right", function()
    local f, first = compile(scaled), nil
    local weak = setmetatable({}, { __mode = "v" })
    for i = 1, 200 do
      config = { scale = i, more = 0 }
      weak[i] = config
      first = first or config
      assert.equal(2 * i, f(2))
    end
    local n = #f:versions()
    assert.is_true(n < 100, n)
    assert.matches("another table", f:versions()[n].why[1])
    config = first
    assert.equal(2, f(2))
    config = { scale = 0.5, more = 0 }
    assert.equal(1.0, f(2))
    assert.equal(n + 1, #f:versions())
    collectgarbage()
    collectgarbage()
    assert.is_nil(weak[100])
    assert.not_nil(weak[199])
  end)

  it("raises its errors, with the values of then", function()
    local f = compile(scaled)
    for i = 1, 100 do
      config = { scale = i, more = i % 2 == 0 and 1 or nil }
      local ok, message = pcall(f, 1)
      assert.equal(i % 2 == 0, ok)
      assert.is_true(ok or message:find("nil value (field 'more')", 1, true)
        ~= nil, message)
    end
  end)

  it("may have guards that call it", function()
    local f, depth = nil, 0
    local outer = setmetatable({}, { __index = function()
      depth = depth + 1
      if depth == 1 then
        for i = 1, 100 do
          config = setmetatable({ more = 0 }, { __index = function()
            return i
          end })
          assert.equal(i, f(1))
        end
        config = { scale = 5, more = 0 }
      end
      return 7
    end })
    f = compile(scaled)
    config = { scale = 1, more = 0 }
    assert.equal(1, f(1))
    config = outer
    outer.more = 0
    assert.equal(5, f(1))
  end)

  it("leaves nothing behind where it is refused", function()
    local f = compile(function()
      return config .. ""
    end)
    local function memory()
      for _ = 1, 100 do
        config = {}
        assert.is_false(pcall(f))
      end
      collectgarbage()
      return collectgarbage "count"
    end
    memory()
    local before = memory()
    memory()
    assert.is_true(memory() - before < 10)
  end)
end)
