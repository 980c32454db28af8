-- Fields and methods that are missing: errors for names that people guess. What
-- knows those is loaded when the first is missing.

local _thread = require "threading._thread"
local require, setmetatable = require, setmetatable

local missing = {}

local function guesses()
  local ok, module = _thread._try(require, "threading.private.guesses")
  return ok and module
end

-- A table of methods that are written in Lua.
-- @tparam table methods
-- @tparam string class the name of their class
-- @tparam string object what a program may call an object of it
function missing.methods(methods, class, object)
  return setmetatable(methods, {
    __index = function(_, name)
      local known = guesses()
      return known and known.method(methods, name, class, object) or nil
    end,
  })
end

-- A module.
function missing.module(module, module_name)
  return setmetatable(module, {
    __index = function(_, name)
      local known = guesses()
      return known and known.field(module, module_name, name) or nil
    end,
  })
end

-- Methods that are written in C.
_thread._missing().__index = function(methods, name)
  local known = guesses()
  return known and known.method(methods, name) or nil
end

return missing
