-- What is stored in an Array or a Value, converted by the rules of their types:
-- a number that does not fit is an error.

-- What is stored, as C; nil: the block has ended.
-- @tparam table element_type of an Array or a Value
-- @tparam table value
-- @tparam string fail C that raises
local function converted(self, element_type, value, fail)
  if value.kind ~= "i" and value.kind ~= "f" then
    self:emit("  %s", fail)
    return nil
  elseif element_type.kind == "f" then
    local c = value.kind == "i" and "(double)" .. value.c or value.c
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

return { converted = converted }
