-- What is read from an Array or a Value, and what is stored in one, by
-- the rules of their types, where a number that does not fit is an error.

local standard = require "threading.private.standard"
local string = standard.string
local types = require "threading.compile.types"
local ways = require "threading.compile.ways"

-- The address of an Array's element, from 0, as C.
local function address(array, at)
  return string.format("(%s *)%s_data + %s", types.arrays[array.kind].c,
    array.c, at)
end

-- C that reads what is at an address.
local function load(element_type, where)
  return string.format("(%s)LOAD(%s, %s)", types.c_type(element_type.kind),
    element_type.c, where)
end

-- C that stores a number there.
local function store(element_type, where, c)
  return string.format("STORE(%s, %s, %s);", element_type.c, where, c)
end

-- What is stored, as C; nil: the block has ended.
-- @tparam table element_type of an Array or a Value
-- @tparam table value
-- @tparam string fail C that raises
local function converted(self, element_type, value, fail)
  if value.kind ~= "i" and value.kind ~= "f" then
    self:emit("  %s", fail)
    return nil
  elseif element_type.kind == "f" then
    local c = ways.as_float(value)
    if not element_type.wide then
      self:emit("  if (UNLIKELY(!fits_float32(%s))) %s", c, fail)
    end
    return c
  end
  local c = value.c
  if value.kind == "f" then
    c = self:temporary "i"
    self:emit("  if (UNLIKELY(!%s(%s, &%s))) %s", element_type.name == "uint64"
      and "to_u" or "to_i", value.c, c, fail)
  end
  if not element_type.wide then
    self:emit("  if (UNLIKELY((%s)%s != %s)) %s", element_type.c, c, c, fail)
  end
  return c
end

return { address = address, converted = converted, load = load,
  store = store }
