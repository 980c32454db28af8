-- Errors that blame the caller of the library, whatever lies between.

local _thread = require "threading._thread"
local standard = require "threading.private.standard"
local string, select = standard.string, select

_thread._ours() -- so that errors of C functions know what lies between

-- Raises an error at the place from which the library was called.
-- @tparam string message for string.format, if anything follows
return function(message, ...)
  if select("#", ...) > 0 then
    message = string.format(message, ...)
  end
  _thread._complain(message)
end
