-- compile.lua [seconds [seed]]: calls random functions as Lua has them and
-- compiled. Results, their kinds, error texts with their lines, and the Arrays
-- are equal, bit by bit.

local make_program = require "fuzz.program"
local new_random = require "tools.stress.random"
local threading = require "threading"

local EDGES <const> = {
  0, 1, 2, 3, -1, -7, 63, 64, 1000003, math.maxinteger, math.mininteger,
  math.maxinteger - 1, 1 << 53, (1 << 53) + 1, 1 << 62, 0.0, -0.0, 0.5, 1.0,
  3.7, -1.5, 2.0 ^ 53, 2.0 ^ 63, -2.0 ^ 63, 1e308, -1e308, 5e-324, math.huge,
  -math.huge, 0 / 0, 1e15, -3.0,
}
local TYPES <const> = { "int8", "int16", "int32", "int64", "uint8", "uint16",
  "uint32", "uint64", "float32", "float64" }

local M = { calls = 0, functions = 0, refused = 0, errors = 0 }

-- Comparing ------------------------------------------------------------------

local function show(value)
  if math.type(value) == "float" then
    return value ~= value and "nan" or ("%a"):format(value)
  end
  return tostring(value)
end

local function message(text)
  return (tostring(text):gsub("%-nan", "nan"))
end

-- What a call gives, and what it leaves in the Array, as one string.
local function outcome(array, ok, ...)
  local parts = { tostring(ok) }
  for i = 1, select("#", ...) do
    local value = select(i, ...)
    parts[#parts + 1] = ok and show(value) or message(value)
  end
  for i = 1, #array do
    parts[#parts + 1] = show(array[i])
  end
  return table.concat(parts, " ")
end

local function value_of(random, kind)
  if kind == "n" then
    return nil
  elseif kind == "b" then
    return random(2) == 1
  end
  local value
  repeat
    value = EDGES[random(#EDGES)]
  until (math.type(value) == "integer") == (kind == "i")
  return value
end

local function new_array(type, values)
  local ok, array = pcall(threading.Array, type, values)
  return ok and array or threading.Array(type, 5)
end

-- A call of both.
local function compare(source, f, compiled, type, values)
  local one, two = new_array(type, values.array), new_array(type, values.array)
  local expected = outcome(one, pcall(f, values.a, values.b, values.c, one))
  local got = outcome(two, pcall(compiled, values.a, values.b, values.c, two))
  if got:find "cannot compile" then
    return got
  elseif got ~= expected then
    error(("%s\na = %s, b = %s, c = %s, A = %s\nLua:      %s\ncompiled: %s")
      :format(source, show(values.a), show(values.b), show(values.c), type,
        expected, got))
  end
  M.calls = M.calls + 1
  M.errors = M.errors + (expected:find "^false" and 1 or 0)
end

-- Calls of one function for arguments of the same kinds.
local function try_kinds(source, f, compiled, random, calls)
  local kinds = {}
  for i = 1, 3 do
    local n = random(20)
    local rare = n <= 2 and random(4) == 1
    kinds[i] = rare and (n == 1 and "n" or "b") or n <= 12 and "i" or "f"
  end
  local type = TYPES[random(#TYPES)]
  for _ = 1, calls do
    local values = { array = {}, a = value_of(random, kinds[1]),
      b = value_of(random, kinds[2]), c = value_of(random, kinds[3]) }
    for i = 1, random(6) - 1 do
      values.array[i] = random(200) - (type:find "^u" and 1 or 100)
    end
    local refused = compare(source, f, compiled, type, values)
    if refused then
      M.refused = M.refused + 1
      return refused
    end
  end
end

-- One function.
-- @tparam func random
-- @tparam integer combinations of kinds of arguments
-- @tparam integer calls for each
-- @tparam table options of threading.compile
function M.round(random, combinations, calls, options)
  local source = make_program(random)
  local f = assert(load(source, "=program"), source)()
  local compiled = threading.compile(f, options)
  M.functions = M.functions + 1
  for _ = 1, combinations do
    local refused = try_kinds(source, f, compiled, random, calls)
    if refused and M.verbose then
      print(refused)
    end
  end
end

rawset(_G, "FUZZED", 12) -- which programs read

if arg and arg[0]:find "fuzz/compile.lua$" then
  local seconds = tonumber(arg[1]) or 10
  local seed = math.tointeger(tonumber(arg[2])) or os.time()
  local random, start = new_random(seed), os.time()
  M.verbose = os.getenv "VERBOSE"
  while os.time() - start < seconds do
    local ok, why = pcall(M.round, random, 3, 200, { flags = "-O1" })
    if not ok then
      print("seed", seed)
      error(why, 0)
    end
  end
  print(("ok: %d calls of %d functions, %d errors, %d refused (seed %d)")
    :format(M.calls, M.functions, M.errors, M.refused, seed))
end

return M
