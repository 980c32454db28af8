-- The errors of pools that cannot make calls any more, or not this one. A
-- module, so that they go by name to other Lua states.

local getmetatable, setmetatable, type = getmetatable, setmetatable, type
local rawequal = rawequal

local broken = { meta = {} }

function broken.meta:__tostring()
  return self.message
end

function broken.new(message)
  return setmetatable({ message = message }, broken.meta)
end

function broken.is(err)
  return type(err) == "table" and rawequal(getmetatable(err), broken.meta)
end

return broken
