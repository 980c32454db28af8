-- What the sockets of all kinds share.
--
-- A socket is a table around an object of LuaSocket (or LuaSec) that never
-- waits: its timeout is 0. `_object` is that object, `_kind` what errors call
-- it, and [1] its channel, what C keeps for it (csrc/socket/channel.h): the
-- timeouts, the turns of the threads that do the same, what was received, and
-- which threads use the descriptor, or are about to. While the channel is
-- closing, that must not begin: the thread that closes the descriptor has to
-- know that none is left that would wait for its number. So a thread is noted
-- in the channel, then looks whether that is closing, and only then reads the
-- number.

local _thread = require "threading._thread"
local check = require "threading.private.check"
local complain = require "threading.private.complain"
local io = require "threading.io"
local standard = require "threading.private.standard"
local debug, math, string = standard.debug, standard.math, standard.string
local error, pcall, rawget = error, pcall, rawget
local setmetatable, tostring, type = setmetatable, tostring, type

local await_socket, new_channel = _thread._await_socket, _thread._channel
local TIMEOUT_MAX <const> = _thread.TIMEOUT_MAX
local sleep = _thread.time.sleep

local object = {}

-- What an object says that would have to wait -> for what; true: for what the
-- call is there for.
local WAITS <const> = { timeout = true, wantread = "r", wantwrite = "w" }

-- A timeout, nil for ever.
function object.limit(value)
  return value and value >= 0 and math.min(value, TIMEOUT_MAX) or nil
end

local function set_timeout(channel, which, value)
  channel:settimeout(which, object.limit(value) or -1)
end

-- Makes a socket of a class around an object with these timeouts.
function object.new(class, it, block, total)
  local channel = new_channel(class._kind)
  it:settimeout(0)
  set_timeout(channel, "block", block)
  set_timeout(channel, "total", total)
  channel:follow(it)
  return setmetatable({
    channel,
    _object = it,
    _kind = class._kind,
  }, class)
end

-- Makes a class: a metatable.
function object.class(kind, name)
  local class = { __name = name or kind, _kind = kind }
  class.__index = class

  function class:__tostring()
    return tostring(self._object)
  end

  function class:__close()
    self:close()
  end

  return class
end

-- A method's self; raises if that is no socket of this kind.
function object.own(self, kind)
  if type(self) ~= "table" or rawget(self, "_kind") ~= kind then
    _thread._bad_self(self, kind)
  end
  return self
end

-- Is it a number of seconds, where less than 0 has a meaning too?
function object.is_limit(value)
  return type(value) == "number" and value == value
end

function object.settimeout(self, value, mode)
  if value ~= nil and not object.is_limit(value) then
    check.bad("value", "settimeout", "number", value)
  elseif mode ~= nil and mode ~= "b" and mode ~= "t" and mode ~= "r" then
    complain("bad argument 'mode' to 'settimeout' (invalid timeout mode; "
      .. "known are b, r, t)")
  end
  set_timeout(self[1], (mode or "b") == "b" and "block" or "total", value)
  return 1
end

function object.gettimeout(self)
  return self[1]:gettimeout()
end

-- "bad argument #2 to '?' (text)" -> the parameter's name, for the caller.
local function refuse(message, name, f)
  local n, text
  if type(message) == "string" then
    n, text = string.match(message, "bad argument #(%-?%d+) to '.-' %((.*)%)$")
  end
  if not n then
    error(message, 0)
  end
  n = math.tointeger(n)
  complain("bad argument '%s' to '%s' (%s)",
    n > 1 and debug.getlocal(f, n) or "self", name, text)
end

local function settle(self, name, ok, ...)
  if ok then
    return ...
  end
  refuse(..., name, self[name])
end

-- The same where the object may have another descriptor now.
local function made(self, ...)
  self[1]:follow(self._object)
  return settle(self, ...)
end

-- Calls a method of the object; errors name the parameter of ours.
function object.call(self, name, ...)
  local it = self._object
  return settle(self, name, pcall(it[name], it, ...))
end

-- The same for a method that may make a descriptor, or drop it: no program
-- inherits it.
function object.make(self, name, ...)
  local it = self._object
  return made(self, name, pcall(_thread._own, it[name], it, ...))
end

-- When a call begins, for the timeouts.
function object.now(self)
  return self[1]:now()
end

-- Calls a method of an object that would not survive it if it were closed; nil
-- and "closed" if it is.
function object.call_open(self, name, ...)
  local channel <close> = self[1]
  channel:enter()
  if not channel:is_closing() and self._object:getfd() >= 0 then
    return object.call(self, name, ...)
  end
  return nil, "closed"
end

-- For a wait for several sockets, by the descriptor `fd`.

function object.is(value)
  return type(value) == "table" and rawget(value, "_object") ~= nil
end

function object.waits(self, fd)
  self[1]:enter(fd)
end

function object.unwait(self)
  self[1]:leave()
end

-- Is it, or was it, taken away from a value that had the descriptor?
function object.leaves(value, fd)
  return object.is(value) and value[1]:is_closing() or value:getfd() ~= fd
end

-- Waits for what the error `err` of a call asks for. Returns nil if the call is
-- to be tried again, else the error to be returned.
function object.await(self, err, mode, start)
  local wanted = WAITS[err]
  if not wanted then
    return err
  end
  local ready, why = await_socket(self, wanted == true and mode or wanted,
    start)
  if ready then
    return nil
  end
  return why == "timeout" and err or why
end

-- Calls a method, of datagrams, until it does not have to wait.
function object.insist(self, name, mode, ...)
  local began = object.now(self)
  while true do
    local a, b, c = object.call(self, name, ...)
    if a == "" and self._object:getfd() < 0 then
      return nil, "closed" -- what LuaSocket takes for an empty datagram
    elseif b and a then
      return a, b, c
    elseif a then
      return a
    end
    b = object.await(self, b, mode, began)
    if b then
      return nil, b
    end
  end
end

-- Waits for its turn, "receiving" or "sending", and returns it, which is to be
-- closed; nil at the timeout.
function object.turn(self, name, start)
  return self[1]:turn(name, start)
end

-- Connects to one address; the outcome is known when it is tried again.
function object.connect(self, ...)
  local began = object.now(self)
  local ok, err = object.make(self, "connect", ...)
  if ok then
    return ok
  end
  err = object.await(self, err, "w", began)
  if err then
    return nil, err
  end
  ok, err = object.make(self, "connect", ...)
  if err == "already connected" then
    return 1
  end
  return ok, err
end

local closing_meta = {
  __close = function(closing)
    local socket = closing.socket
    socket[1]:retired(socket._object)
  end,
}

-- Does another thread wait for it?
function object.is_awaited(self)
  return self[1]:other() ~= nil
end

-- Between the last look at the channel and the call only io.wait_fd can begin
-- to wait; _retire wakes it.
local function retire(self, name, ...)
  local channel = self[1]
  local closing = setmetatable({ socket = self }, closing_meta)
  channel:retire()
  local _ <close> = closing
  local fd = channel:other()
  while fd do
    if fd >= 0 then
      io._closing(fd)
    end
    sleep(0) -- until it has seen it
    fd = channel:other()
  end
  if self._farewell then
    self:_farewell() -- nobody uses the object any more
  end
  local it = self._object
  return settle(self, name, pcall(_thread._retire, it, it[name], ...))
end

-- Calls a method that takes the descriptor away; the threads that wait for it
-- are woken, and have left, before.
function object.retire(self, name, ...)
  return _thread.shield(retire, self, name, ...)
end

function object.setfd(self, fd)
  if not check.integer(fd, "fd", "setfd") then
    check.bad("fd", "setfd", "integer", fd)
  end
  object.retire(self, "setfd", fd)
end

return object
