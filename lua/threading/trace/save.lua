-- Files that are made.

local standard = require "threading.private.standard"
local io, string = standard.io, standard.string

-- Writes a file: all of it, or it says why not.
-- @tparam string name
-- @tparam string text
-- @treturn[1] boolean true
-- @return[2] nil
-- @treturn[2] string why not
return function(name, text)
  local file, err = io.open(name, "wb")
  if not file then
    return nil, err
  end
  local written, why = file:write(text)
  local closed, late = file:close()
  if written and closed then
    return true
  end
  return nil, string.format("%s: %s", name, why or late)
end
