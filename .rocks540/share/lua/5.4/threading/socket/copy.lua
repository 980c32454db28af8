-- Copies of the modules on top of LuaSocket that use the sockets of
-- threading.socket. The program may have loaded the modules themselves, or load
-- them later: their file is loaded once more, with another `require`.

local call = require "threading.socket.call"
local socket = require "threading.socket"
local standard = require "threading.private.standard"
local string = standard.string
local error, globals, ipairs = error, _G, ipairs
local loadfile, require = loadfile, require
local package, searchpath = package, package.searchpath
local setmetatable = setmetatable

-- What the copies know as "socket". They add themselves to it.
local face = setmetatable({}, { __index = socket })

local function opener(name)
  return function(...)
    local it, err = socket[name](...)
    return call.keep(it), err
  end
end

for _, name in ipairs { "tcp", "tcp4", "tcp6", "bind", "connect" } do
  face[name] = opener(name)
end

-- What is private to the copies -> its copy.
local copies = { socket = face }

-- What they ask for -> the module of ours for it.
local OURS <const> = {
  ["socket.ftp"] = "threading.socket.ftp",
  ["socket.http"] = "threading.socket.http",
  ["socket.smtp"] = "threading.socket.smtp",
  ["ssl.https"] = "threading.ssl.https",
}

local copy

local environment = setmetatable({
  require = function(name)
    if name == "socket.tp" then
      copies[name] = copies[name] or copy(name)
    end
    return copies[name] or require(OURS[name] or name)
  end,
}, { __index = globals })

-- Returns a copy of the module of this name.
function copy(name)
  local path, err = searchpath(name, package.path)
  if not path then
    error(string.format("threading.%s needs LuaSocket's %s, which package.path "
      .. "does not lead to (Debian: lua-socket; LuaRocks: luasocket)%s", name,
      name, err), 0)
  end
  local load
  load, err = loadfile(path, "bt", environment)
  if not load then
    error(err, 0)
  end
  return load(name, path)
end

return copy
