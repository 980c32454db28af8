-- Errors that blame the caller of the library, whatever lies between.

local standard = require "threading.standard"
local debug, string = standard.debug, standard.string
local error, select = error, select

-- The folder of the library's files, as the debug information names it.
local FOLDER <const> =
  string.match(debug.getinfo(1, "S").source, "^(.-)[^/\\]*$")

local function is_ours(level)
  local info = debug.getinfo(level + 1, "S")
  return info and string.sub(info.source, 1, #FOLDER) == FOLDER
end

-- Raises an error at the place from which the library was called.
-- @tparam string message for string.format, if anything follows
return function(message, ...)
  local level = 2
  while is_ours(level) do
    level = level + 1
  end
  error(select("#", ...) > 0 and string.format(message, ...) or message, level)
end
