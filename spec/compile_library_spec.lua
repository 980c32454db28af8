-- What compiled code knows of the standard library's functions, beside the
-- interpreter. The functions of `math` with one and two numbers are
-- compile_exact_spec's.

local exact = require "spec.support.exact"
local support = require "spec.support"
local threading = require "threading"

local Array, compile = threading.Array, threading.compile
local check, message = exact.check, support.message

-- The text of a refusal, after the line.
local function refusal(f, ...)
  return message(compile(f), ...):match "cannot compile: .*"
end

describe("ipairs of an Array", function()
  local function sum(a)
    local s, last = 0, nil
    for i, x in ipairs(a) do
      s = s + i * x
      last = i
    end
    return s, last
  end

  it("gives what Lua gives", function()
    for _, type in ipairs { "int8", "uint64", "float32", "float64" } do
      check(sum, { { Array(type, 0) }, { Array(type, { 5 }) },
        { Array(type, { 1, 2, 3 }) } })
    end
    check(sum, { { 1 }, { n = 1 }, { true }, { 2.5 } })
  end)

  it("may be left, nested, and meet what the loop writes", function()
    check(function(a)
      local n = 0
      for i in ipairs(a) do a[i] = i % 4 end
      for i, x in ipairs(a) do
        if x == 0 then break end
        for j in ipairs(a) do
          if j > i then goto continue end
          n = n + x * j
          ::continue::
        end
        if i < #a then a[i + 1] = a[i + 1] + 1 end
        n = n + i + 1
      end
      return n, a[#a]
    end, { { Array("int8", 5) }, { Array("int32", 3) }, { Array("int64", 1) } })
  end)

  it("counts on where the loop's variable is assigned", function()
    local chunk = load [[return function(a)
      local n = 0
      for i, x in ipairs(a) do
        i = i + x
        n = n + i
      end
      return n
    end]]
    if chunk then -- it is constant in Lua 5.5
      check(chunk(), { { Array("int8", { 3, 1, 2 }) }, { Array("int64", 0) } })
    end
  end)

  it("is the ipairs that there is", function()
    local env = { ipairs = ipairs }
    local f = load([[
      return function(a)
        local n = 0
        for i in ipairs(a) do n = n + i end
        return n
      end]], "=f", "t", env)()
    local compiled, a = compile(f), Array("int8", 3)
    assert.equal(6, compiled(a))
    function env.ipairs(list)
      return function(array, i)
        if i < #array then return i + 2 end
      end, list, 1
    end
    assert.matches("cannot compile: a function inside", message(compiled, a))
    local function next_odd(array, i)
      if i < #array then return i + 2 end
    end
    function env.ipairs(list)
      return next_odd, list, -1
    end
    assert.equal(f(a), compiled(a))
    env.ipairs = nil
    assert.equal(message(f, a), message(compiled, a))
    env.ipairs = ipairs
    assert.equal(6, compiled(a))
  end)

  it("gives its function, which takes any index", function()
    local function step(a, i)
      local f, s = ipairs(a)
      return f(s, i)
    end
    local a = Array("int8", { 5, 6 })
    check(step, { { a, 0 }, { a, 1 }, { a, 2 }, { a, 3 }, { a, -1 }, { a, 1.0 },
      { a, 0.5 }, { a, nil, n = 2 }, { a, true }, { 1, 1 },
      { a, math.maxinteger }, { a, math.mininteger }, { n = 1 } })
    check(function() return ipairs() end, { {} })
  end)
end)

describe("a generic for", function()
  it("runs a Lua function that is known", function()
    local function next_half(state, control)
      if control > state then return control - 1, control / 2 end
    end
    check(function(n)
      local sum, count = 0, 0
      for i, half in next_half, 0, n do
        sum, count = sum + i * half, count + 1
      end
      return sum, count
    end, { { 10 }, { 2.5 }, { 0 }, { n = 1 }, { true } })
  end)

  it("raises what Lua raises of what is no function", function()
    check(function(f) for x in f do print(x) end end, { { 1 }, { n = 1 },
      { true } })
  end)

  it("over others is refused with what to write", function()
    assert.equal("cannot compile: the function pairs (write for i = 1, #a do)",
      refusal(function(a) for x in pairs(a) do print(x) end end, 1))
    assert.equal("cannot compile: the function next (write for i = 1, #a do)",
      refusal(function(a) for x in next, a do print(x) end end, 1))
    assert.equal("cannot compile: ipairs of what is no Array (pass an Array)",
      refusal(function(v) for x in ipairs(v) do print(x) end end,
        threading.Value "int8"))
  end)

  it("with a value to close is refused", function()
    local function none() end
    assert.equal("cannot compile: a generic for with a value to close (close "
      .. "it in the caller)", refusal(function(v)
        for x in none, nil, nil, v do print(x) end
      end, threading.Value "int8"))
  end)
end)

describe("an argument", function()
  local edges = { 0, 1, -1, 0.0, -0.0, 1.0, 2.5, 0x1p53, 0x1p63, -0x1p63,
    math.maxinteger, math.mininteger, 1 / 0, 0 / 0, true }

  local function pairs_of_edges()
    local lists = { { n = 1 }, { n = 2 }, { 1, n = 2 } }
    for _, x in ipairs(edges) do
      lists[#lists + 1] = { x, n = 2 }
      for _, y in ipairs(edges) do
        lists[#lists + 1] = { x, y }
      end
    end
    return lists
  end

  for _, name in ipairs { "ult", "fmod", "atan", "log", "max", "min",
    "tointeger", "abs", "floor", "modf" } do
    it("of math." .. name .. " is converted as in Lua", function()
      check(load("return function(x, y) return math." .. name
        .. "(x, y) end", "=f")(), pairs_of_edges())
    end)
  end

  it("that is a string is refused", function()
    for _, call in ipairs { "math.floor('1')", "math.ult(1, '2')",
      "math.fmod('3', 2)", "math.log(2, '2')", "math.sin('1')" } do
      assert.equal("cannot compile: a string as a number (use numbers, and "
        .. "tonumber before the call)",
        refusal(load("return function() return " .. call .. " end")()))
    end
  end)
end)

describe("threading.checkpoint", function()
  it("gives nothing", function()
    check(function(x) return x, threading.checkpoint() end, { { 1 } })
    check(function(x)
      threading.checkpoint()
      return x
    end, { { 1 } })
  end)
end)
