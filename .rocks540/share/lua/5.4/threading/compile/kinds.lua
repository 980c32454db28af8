-- The kinds of values, one character each (see csrc/kernel/abi.h), and the
-- names of their types.

local standard = require "threading.private.standard"
local string, table = standard.string, standard.table
local ipairs = ipairs

local names = { i = "integer", f = "float", b = "boolean", n = "nil",
  l = "Lock" }

for i, element in ipairs { "int8", "int16", "int32", "int64", "uint8",
  "uint16", "uint32", "uint64", "float32", "float64" } do
  names[string.char(string.byte "A" + i - 1)] = element .. "[]"
  names[string.char(string.byte "K" + i - 1)] = element .. " Value"
end

local kinds = {} -- name -> kind
for kind, name in next, names do
  kinds[name] = kind
end

local M = {}

-- The kind of a type's name, or nil.
function M.kind(name)
  return kinds[name]
end

-- The names of the types of several values, as one text.
function M.describe(list)
  local parts = {}
  for kind in string.gmatch(list, ".") do
    parts[#parts + 1] = names[kind] or kind
  end
  return table.concat(parts, ", ")
end

return M
