-- What is made of a trace, by the ending of the file's name.

local make_page = require "threading.trace.page"
local make_picture = require "threading.trace.picture"
local standard = require "threading.private.standard"
local string = standard.string

local makers <const> = { [".html"] = make_page, [".svg"] = make_picture }

-- @tparam string name as the program has it
-- @treturn string the name of the file of events
-- @treturn function|nil what makes the page or the picture of that: (source,
-- name), as `page` and `picture`
return function(name)
  local stem, ending = string.match(name, "^(.*)(%.%l+)$")
  local maker = makers[ending or ""]
  return maker and stem .. ".json" or name, maker
end
