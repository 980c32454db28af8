-- Encrypted connections: in what sockets around LuaSec's objects differ from
-- TCP.

local _thread = require "threading._thread"
local TCP = require "threading.socket.tcp"
local object = require "threading.socket.base"
local ipairs, pairs, rawget = ipairs, pairs, rawget
local running, setmetatable, type = coroutine.running, setmetatable, type

local call_open, turn = object.call_open, object.turn

local tls = {}

-- A handshake may call functions of the program's, for ALPN say, and LuaSec
-- calls them in the Lua state that its context has noted last. One that begins
-- while such a function lets others run would note another: so there is one
-- at a time in LuaSec's code. It never waits there.
local shaking = _thread.rlock()

-- Context -> the Lua state that it has noted, where the collector cannot see
-- it. The thread may have ended by the time that the context is used again.
local noted = setmetatable({}, { __mode = "k" })

function tls.note(context)
  noted[context] = running()
end

-- Goes on with a handshake as far as that is possible without a wait.
function tls.step(self)
  local _ <close> = shaking:guard()
  for _, context in ipairs(rawget(self, "_contexts") or {}) do
    tls.note(context)
  end
  return call_open(self, "dohandshake") -- of a closed one LuaSec would crash
end

-- A handshake of such steps. With both turns: it takes and sends.
function tls.shake(self, step)
  local began = object.now(self)
  local reading <close> = turn(self, "receiving", began)
  local writing <close> = reading and turn(self, "sending", began)
  local err = not writing and "timeout"
  while not err do
    local ok
    ok, err = step(self)
    if ok then
      return ok
    end
    err = object.await(self, err, "r", began)
  end
  return false, err
end

-- LuaSec's object sends a last word when it is closed or collected, and blocks
-- where the other end takes nothing: then it goes without.
local function take_leave(self)
  local fd = self._object:getfd()
  if fd >= 0 and not _thread._wait_fd(fd, "w", 0) then
    _thread._hang_up(fd)
  end
end

-- Waits until the last word can be sent; unless others wait for the connection,
-- which is then to end at once.
local function close(self)
  if self._object:getfd() >= 0 and not object.is_awaited(self) then
    object.await(self, "timeout", "w", object.now(self))
  end
  return TCP.close(self)
end

-- A method that LuaSec's object might not survive after it was closed.
local function open_only(name)
  return function(self, ...)
    return call_open(self, name, ...)
  end
end

-- Makes the class of LuaSec's connections what it is to be.
function tls.complete(class)
  for name, f in pairs(class) do
    if type(f) == "function" and not TCP[name] then
      class[name] = open_only(name)
    end
  end
  function class:dohandshake()
    return tls.shake(self, tls.step)
  end
  class.close = close
  class._farewell, class.__gc = take_leave, take_leave
end

return tls
