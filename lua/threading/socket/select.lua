-- Waiting for one of several sockets.
--
-- Their descriptors are put into a set, and that is waited for as for one
-- descriptor. The sockets know of it, so that who closes one of them ends the
-- wait.

local _thread = require "threading._thread"
local base = require "threading.socket.object"
local check = require "threading.check"
local complain = require "threading.complain"
local io = require "threading.io"
local standard = require "threading.standard"
local math = standard.math
local ipairs, next, setmetatable, type = ipairs, next, setmetatable, type

local monotonic = _thread.time.monotonic

local waits_meta = {
  __close = function(waits)
    for _, s in ipairs(waits) do
      base.unwait(s)
    end
  end,
}

local function fd_of(s, name)
  local kind = type(s)
  if kind ~= "table" and kind ~= "userdata" or not s.getfd then
    check.bad(name, "select", "list of sockets", s)
  end
  return math.tointeger(s:getfd()) or -1
end

-- The members of a list that have a descriptor: lists of sockets and of
-- descriptors.
local function members(list, name)
  if list ~= nil and type(list) ~= "table" then
    check.bad(name, "select", "table", list)
  end
  local sockets, fds = {}, {}
  for _, s in ipairs(list or {}) do
    local fd = fd_of(s, name)
    if fd >= 0 then
      sockets[#sockets + 1], fds[#fds + 1] = s, fd
    end
  end
  return { sockets = sockets, fds = fds }
end

-- Those for which `is_ready` has the descriptor, or that are being closed, as
-- LuaSocket returns them.
local function chosen(list, is_ready)
  local result = {}
  for i, s in ipairs(list.sockets) do
    if is_ready(s, list.fds[i]) then
      result[#result + 1] = s
      result[s] = #result
    end
  end
  return result
end

local function result(recv, send, can_recv, can_send)
  local r = chosen(recv, function(s, fd)
    return can_recv[fd] or s.dirty and s:dirty() or base.leaves(s, fd)
  end)
  local w = chosen(send, function(s, fd)
    return can_send[fd] or base.leaves(s, fd)
  end)
  return r, w, next(r) == nil and next(w) == nil and "timeout" or nil
end

-- nil and a message if there is a descriptor that cannot be waited for.
local function pollset(recv, send)
  local modes = {}
  for _, fd in ipairs(recv.fds) do
    modes[fd] = "r"
  end
  for _, fd in ipairs(send.fds) do
    modes[fd] = modes[fd] and "rw" or "w"
  end
  local ok, set = _thread._try(_thread._pollset, modes)
  return ok and set, set
end

-- Tells the sockets of the wait; returns their list, which is to be closed.
local function announce(recv, send, fd)
  local waits = setmetatable({}, waits_meta)
  for _, list in ipairs { recv.sockets, send.sockets } do
    for _, s in ipairs(list) do
      if base.is(s) then
        waits[#waits + 1] = s
        base.waits(s, fd)
      end
    end
  end
  return waits
end

local function wait(recv, send, set, timeout)
  local stop = timeout and monotonic() + timeout
  local _ <close> = announce(recv, send, set:fd())
  while true do
    local r, w, err = result(recv, send, set:ready())
    local left = stop and math.max(stop - monotonic(), 0)
    if not err or left == 0 then
      return r, w, err
    end
    io.wait_fd(set:fd(), "r", left)
  end
end

return function(recvt, sendt, timeout)
  if timeout ~= nil and not base.is_limit(timeout) then
    check.bad("timeout", "select", "number", timeout)
  end
  local recv, send = members(recvt, "recvt"), members(sendt, "sendt")
  local set <close>, message = pollset(recv, send)
  if set then
    return wait(recv, send, set, base.limit(timeout))
  end
  local r, w, err = result(recv, send, {}, {})
  if err then -- it is not one that is being closed
    complain("%s", message)
  end
  return r, w
end
