-- The standard library as it was when this library was loaded. A program may
-- change it later: take functions away, put others in their place, or leave
-- strings without methods. What is written here does not depend on that, and
-- so indexes no global at run time, and calls no methods of strings.

local pairs, loaded = pairs, package.loaded

local function copy(library)
  local result = {}
  for name, value in pairs(library or {}) do
    result[name] = value
  end
  return result
end

return {
  debug = copy(loaded.debug),
  io = copy(loaded.io),
  math = copy(loaded.math),
  os = copy(loaded.os),
  string = copy(loaded.string),
  table = copy(loaded.table),
  utf8 = copy(loaded.utf8),
}
