-- The types of Arrays, by the numbers that they have in threading.h.

local standard = require "threading.private.standard"
local threading = require "threading"
local string = standard.string

local names = {
  [0] = "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32",
  "uint64", "float32", "float64",
}

local arrays = {}

function arrays.new(kind, length)
  return threading.Array(names[kind], length)
end

-- For people.
function arrays.title(kind, length)
  return string.format("Array of %d %s", length, names[kind])
end

return arrays
