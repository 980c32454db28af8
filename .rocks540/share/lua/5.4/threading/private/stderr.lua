-- Where errors that nobody catches are reported: io.stderr, as the program has
-- set it; or the process's own, where that is not there any more.

local _thread = require "threading._thread"
local standard = require "threading.private.standard"

local type_of = standard.io.type
local live = package.loaded.io

local stderr = {}

-- The program's, or nil.
function stderr.file()
  local file = live and live.stderr
  if type_of and type_of(file) == "closed file" then
    return nil
  end
  return file
end

function stderr.write(text)
  local file = stderr.file()
  if file ~= nil then
    file:write(text)
  else
    _thread._tell(text)
  end
end

return stderr
