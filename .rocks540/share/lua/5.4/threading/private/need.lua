-- Modules of other libraries, on which some of ours are built.

local _thread = require "threading._thread"
local standard = require "threading.private.standard"
local string = standard.string
local error, require, tostring = error, require, tostring

-- Loads a module.
-- @tparam string name
-- @tparam string ours the module of this library that needs it
-- @tparam string library what people call the other one
-- @tparam string debian its package
-- @tparam string rock
-- @return the module
-- @raise where it cannot be loaded, with what to install
return function(name, ours, library, debian, rock)
  local found, module = _thread._try(require, name)
  if not found then
    error(string.format("%s needs %s, which cannot be loaded (Debian: %s; "
      .. "LuaRocks: %s)\n%s", ours, library, debian, rock, tostring(module)), 0)
  end
  return module
end
