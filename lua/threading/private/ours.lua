-- Which of the code that runs is the library's own, and which the program's.

local standard = require "threading.private.standard"
local debug, string = standard.debug, standard.string

local ours = {}

-- The folder of the library's Lua files, "@.../threading/"; nil where they are
-- not in one.
local FOLDER <const> = debug.getinfo and string.match(
  debug.getinfo(1, "S").source, "^(.*[/\\])private[/\\][^/\\]*$")

-- Is this source one of the library's own files?
function ours.has(source)
  return FOLDER ~= nil and string.sub(source, 1, #FOLDER) == FOLDER
end

-- What is known of the Lua function that has called the library: `source`,
-- `short_src`, `currentline`, ...; nil where there is none.
function ours.caller()
  local level = 2
  local info = FOLDER and debug.getinfo(level, "Sl")
  while info and (info.what == "C" or ours.has(info.source)) do
    level = level + 1
    info = debug.getinfo(level, "Sl")
  end
  return info
end

return ours
