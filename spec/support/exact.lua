-- Compiled functions beside the interpreter: results, their kinds, and the
-- texts and lines of errors are the same.

local assert = require "luassert"
local threading = require "threading"

local max, min, inf <const> = math.maxinteger, math.mininteger, math.huge
local nan <const> = 0 / 0
local NUMBERS <const> = { 0, 1, 2, 3, -1, -2, 7, 63, 64, 65, -63, -64, -65, max,
  min, max - 1, min + 1, 1 << 53, (1 << 53) + 1, 0.0, -0.0, 0.5, 1.0, 2.0, -1.5,
  3.7, 0x1p53, 0x1p63, -0x1p63, 1e308, -1e308, 5e-324, inf, -inf, nan, 64.0 }

local M = { NUMBERS = NUMBERS }

local function show(value)
  if math.type(value) == "float" then
    return value ~= value and "nan" or ("%a"):format(value)
  end
  return (tostring(value):gsub("%-nan", "nan"))
end

-- What a call gives, as text.
function M.outcome(...)
  local parts = {}
  for i = 1, select("#", ...) do
    parts[i] = show((select(i, ...)))
  end
  return table.concat(parts, ", ")
end

-- Both give the same for these arguments.
function M.same(f, compiled, ...)
  local expected = M.outcome(pcall(f, ...))
  assert.equal(expected, M.outcome(pcall(compiled, ...)),
    "of " .. M.outcome(...))
end

-- Both give the same for each list of arguments; returns the compiled one.
function M.check(f, lists)
  local compiled = threading.compile(f)
  for _, list in ipairs(lists) do
    M.same(f, compiled, table.unpack(list, 1, list.n or #list))
  end
  return compiled
end

-- All pairs of numbers.
function M.check_pairs(f)
  local compiled = threading.compile(f)
  for _, x in ipairs(NUMBERS) do
    for _, y in ipairs(NUMBERS) do
      M.same(f, compiled, x, y)
    end
  end
end

return M
