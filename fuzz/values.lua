-- values [seconds [seed]]: random graphs of values cross, and must be the same
-- graphs after it: decode(encode(v)) is v, with what was shared.
--
-- Is also a module: values.round(random, n, cross) tries n of them, which come
-- back from cross(...).

local _thread = require "threading._thread"
local interpreters = require "threading.interpreters"
local new_random = require "tools.stress.random"
local threading = require "threading"

local M = {}

-- Making ---------------------------------------------------------------------

local NUMBERS <const> = { 0, 1, -1, 255, 256, 1 << 31, math.maxinteger,
  math.mininteger, 0.0, -0.0, 0.5, 1e300, 5e-324, math.huge, -math.huge,
  0 / 0 }

local exported = { print, string.format, math, table.concat, threading.Lock,
  string, _G, threading }

local classes = {}
for i = 1, 4 do
  local class = { number = i }
  class.__index = class
  function class:me()
    return self, i
  end
  classes[i] = setmetatable(class, classes[i - 2])
end

local make -- a value: one that is there already, or a new one

local plain = {
  function() return nil end,
  function(random) return random(2) == 1 end,
  function(random) return NUMBERS[random(#NUMBERS)] end,
  function(random) return random(1000) end,
  function(random) return random(1000) / 8 end,
  function(random) return ("x"):rep(random(300)) .. random(9) end,
  function(random) return ("\0\255k"):sub(1, random(3)) .. random(20) end,
}

local function key(g, depth)
  local k
  repeat
    k = g.random(4) > 1 and plain[2 + g.random(5)](g.random) or make(g, depth)
  until k ~= nil and k == k
  return k
end

local function fill_table(g, t, depth)
  local random = g.random
  local kind = random(6)
  for i = 1, kind < 4 and random(8) - 1 or kind == 4 and random(40) or 0 do
    t[i] = kind == 1 and random(1000) or kind == 2 and random(1000) / 4
      or make(g, depth + 1)
  end
  for _ = 1, random(4) - 1 do
    t[key(g, depth + 1)] = make(g, depth + 1)
  end
  if random(6) == 1 then
    setmetatable(t, classes[random(#classes)])
  end
  return t
end

local function closures(g, depth)
  local a, b = make(g, depth + 1), make(g, depth + 1)
  local function get()
    return a, b
  end
  local function set(x)
    a = x
    return get
  end
  g.shared[#g.shared + 1] = set
  return get, set
end

local function share(g, value)
  g.shared[#g.shared + 1] = value
  return value
end

function make(g, depth)
  local random = g.random
  local kind = random(20)
  g.left = g.left - 1
  if g.left < 0 or depth > g.deep or kind <= 8 then
    return plain[random(#plain)](random)
  elseif kind <= 11 and #g.shared > 0 then
    return g.shared[random(#g.shared)]
  elseif kind == 12 then
    return exported[random(#exported)]
  elseif kind == 13 then
    return share(g, threading.Value("int64", random(99)))
  elseif kind == 14 then
    return share(g, closures(g, depth))
  elseif kind == 15 then
    return function() return math end
  end
  return fill_table(g, share(g, {}), depth)
end

-- Comparing ------------------------------------------------------------------

local function fail(what, path)
  error(("%s: at %s"):format(what, path), 0)
end

-- The same number, to the bit.
local function same_number(a, b)
  return math.type(a) == math.type(b)
    and string.pack(math.type(a) == "integer" and "j" or "n", a)
    == string.pack(math.type(b) == "integer" and "j" or "n", b)
end

local compare

-- The fields of one that are in the other; keys that are objects are paired by
-- what is behind them, and so counted alone.
local function compare_fields(g, a, b, path)
  local na, nb = 0, 0
  for k, v in next, a do
    na = na + 1
    if type(k) ~= "table" and type(k) ~= "function" then
      compare(g, v, rawget(b, k), path .. "." .. tostring(k))
    elseif g.pairs[k] then
      compare(g, v, rawget(b, g.pairs[k]), path .. ".<" .. type(k) .. ">")
    end
  end
  for _ in next, b do
    nb = nb + 1
  end
  if na ~= nb then
    fail(("%d fields became %d"):format(na, nb), path)
  end
  local ma, mb = debug.getmetatable(a), debug.getmetatable(b)
  if ma ~= mb then -- a class is itself, in its own state
    fail("another metatable", path)
  end
end

local function compare_functions(g, a, b, path)
  if string.dump(a) ~= string.dump(b) then
    fail("other code", path)
  end
  for i = 1, 255 do
    local name, x = debug.getupvalue(a, i)
    local _, y = debug.getupvalue(b, i)
    if not name then
      return
    end
    local p, q = debug.upvalueid(a, i), debug.upvalueid(b, i)
    if g.pairs[p] ~= nil and g.pairs[p] ~= q then
      fail("another upvalue", path .. ":" .. name)
    elseif not g.pairs[p] then
      g.pairs[p] = q
      compare(g, x, y, path .. ":" .. name)
    end
  end
end

function compare(g, a, b, path)
  local kind = type(a)
  if kind ~= type(b) then
    fail(kind .. " became " .. type(b), path)
  elseif kind == "number" then
    return same_number(a, b) or fail(a .. " became " .. b, path)
  elseif kind == "table" or kind == "function" then
    if a == b and g.named[a] then
      return
    elseif g.pairs[a] then
      return g.pairs[a] == b or fail("not the one that it was", path)
    elseif a == b then
      fail("not copied", path)
    end
    g.pairs[a] = b
    return (kind == "table" and compare_fields or compare_functions)(g, a, b,
      path)
  end
  return a == b or fail(tostring(a) .. " became " .. tostring(b), path)
end

local named = {}
for _, value in ipairs(exported) do
  named[value] = true
end
for _, class in ipairs(classes) do
  named[class] = true
  named[class.me] = false
end

-- Rounds ---------------------------------------------------------------------

local function try(random, cross)
  local g = { random = random, left = 5 + random(400), deep = random(12),
    shared = {}, pairs = {}, named = named }
  if random(10) == 1 then
    g.deep, g.left = 500, 3000
  end
  local values = { n = random(4) }
  for i = 1, values.n do
    values[i] = make(g, 0)
  end
  for _ = 1, 2 do
    g.pairs = {}
    local copies = table.pack(cross(table.unpack(values, 1, values.n)))
    assert(copies.n == values.n)
    for i = 1, values.n do
      compare(g, values[i], copies[i], "args[" .. i .. "]")
    end
  end
end

function M.round(random, n, cross)
  for _ = 1, n do
    try(random, cross)
  end
end

if ... == "fuzz.values" then
  return M
end

local seconds, seed = tonumber(arg[1] or 10), math.tointeger(arg[2] or 1)
local random, n, stop = new_random(seed), 0, os.time() + seconds

local function cross(...)
  return _thread._decode(_thread._encode(...))
end

-- There and back. Classes that an interpreter knows are passed over: there is a
-- new one now and then.
local interpreter = interpreters.create()

local function there_and_back(...)
  if random(50) == 1 then
    interpreter:close()
    interpreter = interpreters.create()
  end
  return interpreter:call(function(...)
    return ...
  end, ...)
end

repeat
  for _, way in ipairs { cross, there_and_back } do
    local ok, err = xpcall(M.round, debug.traceback, random, 50, way)
    if not ok then
      error(("seed %d, after %d: %s"):format(seed, n, err), 0)
    end
    n = n + 50
  end
until os.time() >= stop
interpreter:close()
print(("ok: %d messages, seed %d"):format(n, seed))
