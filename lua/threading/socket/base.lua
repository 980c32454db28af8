-- What the sockets of all kinds share.
--
-- A socket is a table around an object of LuaSocket (or LuaSec) that never
-- waits: its timeout is 0. What says "timeout" is tried again after a wait
-- outside of the global lock. `_object` is that object, `_kind` what errors
-- call it, `_block` and `_total` are the timeouts that the user has set, or
-- nil; `_reading` and `_writing` the locks of the threads that take or send a
-- part of a stream; `_waiting` has, for each thread that waits or is about to,
-- the descriptor; `_closing` is true while that must not begin:
-- the thread that closes the descriptor has to know that none is left that
-- would wait for its number. So a thread enters `_waiting`, then looks at
-- `_closing`, and only then reads the number.

local _thread = require "threading._thread"
local check = require "threading.private.check"
local complain = require "threading.private.complain"
local inbox = require "threading.socket.inbox"
local io = require "threading.io"
local standard = require "threading.private.standard"
local debug, math, string = standard.debug, standard.math, standard.string
local error, next, pcall, rawget = error, next, pcall, rawget
local setmetatable, tostring, type = setmetatable, tostring, type

local get_ident, monotonic = _thread.get_ident, _thread.time.monotonic
local TIMEOUT_MAX <const> = _thread.TIMEOUT_MAX
local UNKNOWN <const> = -1 -- of a thread that has not read the number yet
local Lock, sleep = _thread.allocate_lock, _thread.time.sleep

local object = {}

-- What an object says that would have to wait -> for what; true: for what the
-- call is there for.
local WAITS <const> = { timeout = true, wantread = "r", wantwrite = "w" }
object.WAITS = WAITS

-- More than a system keeps ready for one socket: a call that shall not wait,
-- and takes or gives more, keeps up with its peer.
local AT_ONCE <const> = 1 << 23

local waiting_meta = {
  __close = function(waiting)
    waiting[get_ident()] = nil
  end,
}

-- A timeout as it is kept: nil for ever.
function object.limit(value)
  return value and value >= 0 and math.min(value, TIMEOUT_MAX) or nil
end

-- Makes a socket of a class around an object with these timeouts.
function object.new(class, it, block, total)
  it:settimeout(0)
  return setmetatable({
    _object = it,
    _kind = class._kind,
    _block = object.limit(block),
    _total = object.limit(total),
    _reading = Lock(),
    _writing = Lock(),
    _waiting = setmetatable({}, waiting_meta),
    _closing = false,
    _inbox = inbox.new(),
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
    complain("bad self (%s expected, got %s)", kind, type(self))
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
    complain("bad argument 'mode' to 'settimeout' (invalid timeout mode)")
  end
  local name = (mode or "b") == "b" and "_block" or "_total"
  self[name] = object.limit(value)
  return 1
end

function object.gettimeout(self)
  return self._block or -1, self._total or -1
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

-- Calls a method of the object; errors name the parameter of ours.
function object.call(self, name, ...)
  local it = self._object
  return settle(self, name, pcall(it[name], it, ...))
end

-- The same for a method that may make a descriptor: no program inherits it.
function object.make(self, name, ...)
  local it = self._object
  return settle(self, name, pcall(_thread._own, it[name], it, ...))
end

-- When a call begins; nil if no timeout is set.
function object.now(self)
  return (self._block or self._total) and monotonic()
end

-- The seconds that a wait may last, as LuaSocket reckons them; nil: for ever.
local function seconds_left(self, start)
  local block, total = self._block, self._total
  if not (start and (block or total)) then
    return nil
  end
  local passed = monotonic() - start
  local left = math.max((total or block) - passed, 0)
  return total and block and math.min(block, left) or left
end

-- Must a call end that could go on without a wait, and has taken or given so
-- many bytes?
function object.is_over(self, start, done)
  local total = self._total
  if self._block == 0 or total == 0 then
    return done >= AT_ONCE
  end
  return start and total and monotonic() - start >= total
end

-- The descriptor, which nobody takes away until `_waiting` is closed; nil if
-- there is none.
local function enter(self)
  self._waiting[get_ident()] = UNKNOWN
  local fd = not self._closing and self._object:getfd()
  return fd and fd >= 0 and fd or nil
end

-- Waits until the descriptor is ready; true, or nil and "timeout" | "closed".
function object.wait(self, mode, start)
  local left = seconds_left(self, start)
  if self._block == 0 or self._total == 0 then
    return nil, "timeout"
  end
  local waiting <close> = self._waiting
  local fd = enter(self)
  if not fd then
    return nil, "closed"
  end
  waiting[get_ident()] = fd
  return _thread._await_fd(fd, mode, left)
end

-- Calls a method of an object that would not survive it if it were closed; nil
-- and "closed" if it is.
function object.call_open(self, name, ...)
  local _ <close> = self._waiting
  if enter(self) then
    return object.call(self, name, ...)
  end
  return nil, "closed"
end

-- For a wait for several sockets, by the descriptor `fd`.

function object.is(value)
  return type(value) == "table" and rawget(value, "_object") ~= nil
end

function object.waits(self, fd)
  self._waiting[get_ident()] = fd
end

function object.unwait(self)
  self._waiting[get_ident()] = nil
end

-- Is it, or was it, taken away from a value that had the descriptor?
function object.leaves(value, fd)
  return object.is(value) and value._closing or value:getfd() ~= fd
end

-- Waits for what the error `err` of a call asks for. Returns nil if the call is
-- to be tried again, else the error to be returned.
function object.await(self, err, mode, start)
  local wanted = WAITS[err]
  if not wanted then
    return err
  end
  local ready, why = object.wait(self, wanted == true and mode or wanted, start)
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

-- Takes one of the socket's locks, and returns it, which is to be closed; nil
-- at the timeout.
function object.turn(self, name, start)
  local lock = self[name]
  if not start then
    return lock:guard()
  end
  return lock:acquire(true, seconds_left(self, start)) and lock or nil
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
    closing.socket._closing = false
  end,
}

-- The descriptor that another thread waits for; UNKNOWN; or nil.
local function waited_for(self)
  local thread, fd = next(self._waiting)
  if thread == get_ident() then -- in a finaliser that runs while it waits
    thread, fd = next(self._waiting, thread)
  end
  return thread and fd
end

-- Between the last look at `_waiting` and the call only io.wait_fd can begin to
-- wait; _retire wakes it.
local function retire(self, name, ...)
  local _ <close> = setmetatable({ socket = self }, closing_meta)
  self._closing = true
  local fd = waited_for(self)
  while fd do
    if fd ~= UNKNOWN then
      io._closing(fd)
    end
    sleep(0) -- until it has seen it
    fd = waited_for(self)
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
