-- Values that cross to another Lua state: see ../hostile.lua.

local _thread = require "threading._thread"
local threading = require "threading"

local decode, encode = _thread._decode, _thread._encode

local cases = {}

local function nothing() end

local function chain(n)
  local list
  for i = 1, n do
    list = { next = list, i = i }
  end
  return list
end

local function counter()
  local n = 0
  return function()
    n = n + 1
    return n
  end
end

-- Name -> what makes a value; whether a copy of it is one.
local values = {
  ["a record"] = { function()
    return { id = 1, name = "n", ok = true }
  end, function(r)
    return r.id == 1 and r.name == "n" and r.ok
  end },
  ["a long string"] = { function()
    return ("s"):rep(40000)
  end, function(s)
    return #s == 40000
  end },
  ["numbers"] = { function()
    local t = {}
    for i = 1, 3000 do
      t[i] = i / 2
    end
    return t
  end, function(t)
    return #t == 3000 and t[3000] == 1500
  end },
  ["a deep list"] = { function()
    return chain(250)
  end, function(list)
    local n = 0
    while list do
      n, list = n + 1, list.next
    end
    return n == 250
  end },
  ["shared tables"] = { function()
    local t = {}
    for i = 1, 40 do
      t[i] = { t }
    end
    return t
  end, function(t)
    return t[1][1] == t and t[40][1] == t
  end },
  ["a function"] = { counter, function(f)
    return f() == 1 and f() == 2
  end },
  ["an object"] = { function()
    local Class = {}
    Class.__index = Class
    function Class:get()
      return self.x
    end
    return setmetatable({ x = 7 }, Class)
  end, function(object)
    return object:get() == 7
  end },
  ["names"] = { function()
    return { print, math, _G, string.format, threading.Lock }
  end, function(t)
    return t[1] == print and t[3] == _G and t[5] == threading.Lock
  end },
  ["what is shared"] = { function()
    return { threading.Lock(), threading.Array("int8", 3), threading.Event(),
      threading.Condition(), threading.Barrier(2) }
  end, function(t)
    return t[1]:acquire(false) and #t[2] == 3 and not t[3]:is_set()
      and t[4]:acquire(false) and t[5].parties == 2
  end },
}

for name, it in pairs(values) do
  local make, is = it[1], it[2]
  cases["encode: " .. name] = function()
    local value = make()
    return function()
      return encode(value)
    end, nothing, function(message)
      assert(is(decode(message)))
    end
  end

  cases["decode: " .. name] = function()
    local message = encode(make())
    return function()
      return decode(message)
    end, nothing, function(value)
      assert(is(value))
    end
  end
end

cases["a duplicate of a descriptor"] = function()
  return function()
    return assert(_thread._duplicate(1))
  end, nothing, function(descriptor)
    assert(decode(encode(descriptor)) ~= descriptor)
  end
end

cases["encode: what cannot cross"] = function()
  local value = { threading.Lock(), { chain(120), {
    coroutine.create(print) } } }
  return function()
    local ok, err = pcall(encode, value)
    if not err:find("args[1][2][2][1]: coroutine cannot cross", 1, true) then
      error(err, 0)
    end
    return ok
  end, nothing, function(ok)
    assert(not ok)
    assert(decode(encode(1)) == 1)
  end
end

return cases
