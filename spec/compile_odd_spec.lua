-- threading.compile of functions that are out of the ordinary: a clear error,
-- or Lua's result.

local threading = require "threading"

local Array, compile = threading.Array, threading.compile

-- With its place.
local function message(fn, ...)
  return (select(2, pcall(fn, ...)))
end

describe("a function whose _ENV", function()
  local function with(env)
    local _ENV = env -- luacheck: ignore
    return function(x)
      return x + y -- luacheck: ignore
    end, function(v)
      _ENV = v
    end
  end

  for _, env in ipairs { false, 5, print } do
    it("is a " .. type(env) .. " value raises Lua's error", function()
      local f = with(env)
      assert.equal(message(f, 1), message(compile(f), 1))
    end)
  end

  it("is nil raises Lua's error, until it is a table", function()
    local f, set = with(nil)
    local compiled = compile(f)
    assert.equal(message(f, 1), message(compiled, 1))
    assert.matches("attempt to index a nil value (upvalue '_ENV')",
      message(compiled, 1), 1, true)
    set { y = 2 }
    assert.equal(3, compiled(1))
    set(Array("int64", 1))
    assert.matches("cannot compile: a field of an Array", message(compiled, 1))
    set(setmetatable({}, { __index = function()
      return 0.5
    end }))
    assert.equal(1.5, compiled(1))
  end)
end)

describe("a metatable of plain values", function()
  local function add(a, b)
    return a + b
  end
  local function less(a, b)
    if a < b then
      return 1
    end
    return 2
  end
  local function call(a)
    local x = a(1)
    return x
  end
  local function index(a)
    return a[1]
  end
  local methods = { __add = rawlen, __lt = rawequal, __call = rawequal,
    __index = rawequal }
  for name in pairs(methods) do
    methods[name] = function()
      return 1
    end
  end

  for type, value in pairs { ["nil"] = { n = 1 }, boolean = { true },
    number = { 2 } } do
    it("is refused where one of its methods were called: " .. type, function()
      debug.setmetatable(value[1], methods)
      local said = {}
      for i, fn in ipairs { add, less, call, index } do
        if type ~= "number" or i > 2 then
          said[#said + 1] = message(compile(fn), value[1], 2)
        end
      end
      debug.setmetatable(value[1], nil)
      for _, text in ipairs(said) do
        assert.matches("^spec/compile_odd_spec.lua:%d+: cannot compile: a "
          .. "method of the metatable of a " .. type .. " value %(call ", text)
      end
    end)
  end

  it("changes nothing of what needs none", function()
    debug.setmetatable(1, { __index = math })
    local ok, result = pcall(compile(add), 1, 2)
    local said = message(compile(add), 1, nil)
    local expected = message(add, 1, nil)
    debug.setmetatable(1, nil)
    assert.same({ true, 3, expected }, { ok, result, said })
  end)
end)

describe("compile", function()
  it("puts no text of the function's into the C", function()
    local f = compile(load([[
      local INNER <const> = "INNER_TEXT"
      local UPVALUE = 5
      local function CALLED(PARAMETER)
        return PARAMETER + GLOBAL.FIELD
      end
      return function(ARGUMENT)
        local LOCAL = ARGUMENT + UPVALUE
        if LOCAL == 3 then
          error "*/ STRING"
        elseif INNER == ARGUMENT then
          error(INNER)
        end
        ::LABEL::
        return CALLED(LOCAL)
      end
    ]], "=*/CHUNK", "t", { GLOBAL = { FIELD = 1 }, error = error })())
    assert.equal(7, f(1))
    for word in ("INNER UPVALUE CALLED PARAMETER GLOBAL FIELD ARGUMENT LOCAL "
      .. "STRING LABEL CHUNK"):gmatch "%u+" do
      assert.is_nil(f:c():match("%f[%w_]" .. word .. "%f[^%w_]"), word)
    end
    assert.equal("*/CHUNK:9: */ STRING", message(f, -2))
  end)
end)
