-- compile.lua [seconds [seed]]: calls random functions as Lua has them and
-- compiled. Results, their kinds, error texts with their lines, the Array and
-- the Value are equal, bit by bit. Many functions are one, for one run of the C
-- compiler. VERBOSE, if set: what is refused, and the errors.

local make_program = require "fuzz.program"
local new_random = require "tools.stress.random"
local threading = require "threading"

local EDGES <const> = {
  i = { 0, 1, 2, 3, -1, -7, 63, 64, 1000003, math.maxinteger, math.mininteger,
    math.maxinteger - 1, 1 << 53, (1 << 53) + 1, 1 << 62, 5, -2, 10, 100 },
  f = { 0.0, -0.0, 0.5, 1.0, 3.7, -1.5, 0x1p53, 0x1p63, -0x1p63, 1e308, -1e308,
    5e-324, -2.5e-310, math.huge, -math.huge, 0 / 0, 1e15, -3.0, 100.25 },
}
local TYPES <const> = { "int8", "int16", "int32", "int64", "uint8", "uint16",
  "uint32", "uint64", "float32", "float64" }
local FLAGS <const> = { "-O1", "-O1", "-O2", false } -- -O3

local M = { calls = 0, functions = 0, refused = 0, errors = 0, texts = {} }

-- Values ----------------------------------------------------------------------

local function number_of(random, kind)
  if random(10) <= 6 then
    return EDGES[kind][random(#EDGES[kind])]
  end
  local n = random(101) - 51
  return kind == "i" and n or n / 8
end

local function value_of(random, kind)
  if kind == "n" then
    return nil
  elseif kind == "b" then
    return random(2) == 1
  end
  return number_of(random, kind)
end

local function new_array(random, type)
  local array = threading.Array(type, random(6) - 1)
  for i = 1, #array do
    -- Others than this type holds are left out.
    pcall(function()
      array[i] = number_of(random, type:find "^f" and "f" or "i")
    end)
  end
  return array
end

-- Comparing -------------------------------------------------------------------

local function show(value)
  if math.type(value) == "float" then
    return value ~= value and "nan" or ("%a"):format(value)
  end
  return (tostring(value):gsub("%-nan", "nan"))
end

-- What a call gives, and what it leaves, as one string.
local function outcome(array, value, ...)
  local parts = {}
  for i = 1, select("#", ...) do
    parts[i] = show((select(i, ...)))
  end
  for i = 1, #array do
    parts[#parts + 1] = show(array[i])
  end
  parts[#parts + 1] = show(value.value)
  return table.concat(parts, " ")
end

local function copy_of(array, type)
  local copy = threading.Array(type, #array)
  for i = 1, #array do
    copy[i] = array[i]
  end
  return copy
end

-- A call of both.
-- @treturn string|nil why it is refused
local function compare(unit, type, which, a, b, c)
  local array = new_array(unit.random, type)
  local other, before = copy_of(array, type), outcome(array, unit.value)
  unit.value.value = 5
  local expected = outcome(array, unit.value,
    pcall(unit.f, which, a, b, c, array))
  unit.value.value = 5
  local got = outcome(other, unit.value,
    pcall(unit.compiled, which, a, b, c, other))
  if got:find "cannot compile" then
    return got
  elseif got ~= expected then
    error(("%s\nf%d: a = %s, b = %s, c = %s, A = %s %s, flags = %s\n"
      .. "Lua:      %s\ncompiled: %s"):format(unit.source, which, show(a),
      show(b), show(c), type, before, unit.flags, expected, got))
  end
  M.calls = M.calls + 1
  local text = expected:match "^false (.*)"
  if text then
    M.errors = M.errors + 1
    text = text:gsub("%-?0x%S*", ""):gsub("[%d']", ""):gsub("%s+", " ")
    M.texts[text] = (M.texts[text] or 0) + 1
  end
end

-- Calls of all functions for arguments of the same kinds.
local function try_kinds(unit, calls)
  local random, kinds = unit.random, {}
  for i = 1, 3 do
    kinds[i] = random(2) == 1 and "i" or "f"
  end
  if random(12) == 1 then
    kinds[random(3)] = random(2) == 1 and "n" or "b"
  end
  local type = TYPES[random(#TYPES)]
  for _ = 1, calls do
    rawset(_G, "FUZZED", number_of(random, "i"))
    for which = 1, unit.count do
      local refused = compare(unit, type, which, value_of(random, kinds[1]),
        value_of(random, kinds[2]), value_of(random, kinds[3]))
      if refused then
        return refused
      end
    end
  end
end

-- One unit of functions.
-- @tparam func random
-- @tparam integer count how many functions
-- @tparam integer combinations of kinds of arguments
-- @tparam integer calls of each function for each
function M.round(random, count, combinations, calls)
  local source = make_program(random, count)
  local value = threading.Value(random(2) == 1 and "int64" or "float64", 5)
  local f = assert(load(source, "=program"), source)(value)
  local flags = FLAGS[random(#FLAGS)] or nil
  local unit = { random = random, source = source, value = value, f = f,
    compiled = threading.compile(f, { flags = flags }), count = count,
    flags = flags }
  M.functions = M.functions + count
  for _ = 1, combinations do
    local refused = try_kinds(unit, calls)
    if refused then
      M.refused = M.refused + 1
      if M.verbose then
        print(refused)
      end
    end
  end
end

-- The whole -------------------------------------------------------------------

rawset(_G, "FUZZED", 12) -- which programs read; it changes between calls

local function print_texts()
  local list = {}
  for text, count in pairs(M.texts) do
    list[#list + 1] = ("%6d %s"):format(count, text)
  end
  table.sort(list)
  print(table.concat(list, "\n"))
end

if arg and arg[0]:find "fuzz/compile.lua$" then
  local seconds = tonumber(arg[1]) or 10
  local seed = math.tointeger(tonumber(arg[2])) or os.time()
  local random, start = new_random(seed), os.time()
  M.verbose = os.getenv "VERBOSE"
  while os.time() - start < seconds do
    local ok, why = pcall(M.round, random, random(4) == 1 and 1 or 8, 2, 150)
    if not ok then
      print("seed", seed)
      error(why, 0)
    end
  end
  if M.verbose then
    print_texts()
  end
  print(("ok: %d calls of %d functions, %d errors, %d refused (seed %d)")
    :format(M.calls, M.functions, M.errors, M.refused, seed))
end

return M
