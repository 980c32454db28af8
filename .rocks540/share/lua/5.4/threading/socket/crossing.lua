-- Sockets that cross to another interpreter: there they are other sockets, with
-- a duplicate of the descriptor. Each of the two is to be closed; the
-- connection ends with the last.

local _thread = require "threading._thread"

local need = require "threading.private.need"
local luasocket = need("socket", "threading.socket", "LuaSocket", "lua-socket",
  "luasocket")

local TCP = require "threading.socket.tcp"
local UDP = require "threading.socket.udp"
local base = require "threading.socket.base"
local standard = require "threading.private.standard"
local debug, string = standard.debug, standard.string
local getmetatable, pairs, tostring = getmetatable, pairs, tostring

local M = {}

local classes = { TCP = TCP, UDP = UDP }

-- What LuaSocket calls the kind of an object: "tcp{client}".
local function kind_of(it)
  return tostring(getmetatable(it).__name)
end

-- An object of LuaSocket of this kind around a descriptor. There is no other
-- way to one that is connected, or listens.
local function make_object(kind, family, fd)
  local make = luasocket[string.sub(kind, 1, 3) .. family]
    or luasocket[string.sub(kind, 1, 3)]
  local it = make()
  if fd >= 0 then
    if it:getfd() >= 0 then
      it:close()
    end
    it:setfd(fd)
  end
  return debug.setmetatable(it, debug.getregistry()[kind])
end

-- Makes the socket there; `descriptor` is false where it has none yet.
function M.make(name, kind, family, descriptor, block, total, longest)
  local fd = descriptor and descriptor:take() or -1
  local socket = base.new(classes[name], make_object(kind, family, fd), block,
    total)
  socket[1]:setlongest(longest)
  return socket
end

local FAMILIES <const> = { inet = "4", inet6 = "6" }

local function family_of(socket)
  local _, _, family = socket:getsockname()
  return FAMILIES[family] or ""
end

local function maker(name)
  local what = "threading." .. name
  return function(socket)
    local it, channel = socket._object, socket[1]
    local fd, kind, descriptor = it:getfd(), kind_of(it), false
    if channel:is_closing() or fd < 0 and string.find(kind, "client") then
      return nil, what, "it is closed"
    elseif socket.dirty and socket:dirty() then
      return nil, what, "it has received what was not asked for yet, which "
        .. "would be lost: receive that here, and pass it, too"
    elseif fd >= 0 then
      local why
      descriptor, why = _thread._duplicate(fd)
      if not descriptor then
        return nil, what, why
      end
    end
    local block, total = channel:gettimeout()
    return "threading.socket.crossing", "make", name, kind, family_of(socket),
      descriptor, block, total, channel:longest()
  end
end

for name, class in pairs(classes) do
  _thread._made_by(class, maker(name))
end

return M
