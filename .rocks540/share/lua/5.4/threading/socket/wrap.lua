-- Sockets around objects that are not LuaSocket's TCP or UDP ones: of LuaSec,
-- of LuaSocket's "socket.unix" and "socket.serial". Their classes are made of
-- the methods that they have: what waits is taken from TCP or UDP, the rest is
-- handed on.

local _thread = require "threading._thread"
local TCP = require "threading.socket.tcp"
local UDP = require "threading.socket.udp"
local check = require "threading.private.check"
local object = require "threading.socket.base"
local standard = require "threading.private.standard"
local tls = require "threading.socket.tls"
local debug, string = standard.debug, standard.string
local pairs, rawget, tostring, type = pairs, rawget, tostring, type

local call, turn = object.call, object.turn

-- A path instead of an address and a port.
local function connect_path(self, path)
  local writing <close> = turn(self, "sending", object.now(self))
  if not writing then
    return nil, "timeout"
  end
  return object.connect(self, path)
end

local datagrams = {} -- what differs from UDP

function datagrams:receive(size)
  return object.insist(self, "receive", "r", size)
end

function datagrams:receivefrom(size)
  return object.insist(self, "receivefrom", "r", size)
end

function datagrams:send(datagram)
  return object.insist(self, "send", "w", datagram)
end

function datagrams:sendto(datagram, path)
  return object.insist(self, "sendto", "w", datagram, path)
end

local function forwarder(name)
  return function(self, ...)
    return call(self, name, ...)
  end
end

-- Why it cannot cross to another interpreter.
local function stays(name, methods)
  local instead = methods.dohandshake and "its keys are here; a socket crosses "
    .. "before the handshake, which is done there" or "connect it there"
  return function()
    return nil, name, instead
  end
end

local function make_class(name, methods)
  local base = methods.sendto and UDP or TCP
  local own = base == UDP and datagrams or {}
  local class = object.class(base._kind, name)
  for word, f in pairs(methods) do
    if type(f) == "function" then
      class[word] = own[word] or base[word] or forwarder(word)
    end
  end
  class.setmaxline = base.setmaxline
  if methods.dohandshake then
    tls.complete(class)
  elseif not methods.getfamily then
    class.connect = base == TCP and connect_path or forwarder "connect"
    class.setpeername = class.connect
    class.bind = forwarder "bind"
    class.setsockname = class.bind
  end
  _thread._made_by(class, stays(class.__name, methods))
  return class
end

local classes = setmetatable({}, { __mode = "k" }) -- methods -> class

local function class_of(it)
  local meta = type(it) == "userdata" and debug.getmetatable(it)
  local methods = meta and meta.__index
  if type(methods) ~= "table" or not (methods.getfd and methods.settimeout)
    then
    check.bad("object", "wrap", "object of LuaSocket or LuaSec", it)
  end
  local name = tostring(meta.__name)
  if string.find(name, "^tcp{") then
    return TCP
  elseif string.find(name, "^udp{") then
    return UDP
  end
  classes[methods] = classes[methods] or make_class(name, methods)
  return classes[methods]
end

-- Object -> its socket: there is one of each, for it has the locks.
local sockets = setmetatable({}, { __mode = "k" })

local function timeouts(it)
  if it.gettimeout then
    return it:gettimeout()
  end
end

-- What LuaSocket's object has received, and nobody has asked for yet.
local function take_over(socket, it)
  while it.dirty and it:dirty() do
    socket[1]:add(it:receive(1))
  end
end

return function(it)
  if type(it) == "table" and rawget(it, "_object") then
    return it
  end
  local class = class_of(it)
  if not sockets[it] then
    local fd = it:getfd()
    if fd >= 0 then
      _thread._no_inherit(fd)
    end
    sockets[it] = object.new(class, it, timeouts(it))
    take_over(sockets[it], it)
  end
  return sockets[it]
end
