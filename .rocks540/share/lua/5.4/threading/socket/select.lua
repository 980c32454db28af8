-- Waiting for one of several sockets.
--
-- Their descriptors are put into a set, and that is waited for as for one
-- descriptor. The sockets know of it before their numbers are read, so that a
-- thread that closes one of them ends the wait.

local _thread = require "threading._thread"
local base = require "threading.socket.base"
local check = require "threading.private.check"
local complain = require "threading.private.complain"
local io = require "threading.io"
local standard = require "threading.private.standard"
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

local function check_list(list, name)
  if list ~= nil and type(list) ~= "table" then
    check.bad(name, "select", "table", list)
  end
  for _, s in ipairs(list or {}) do
    local kind = type(s)
    if kind ~= "table" and kind ~= "userdata" or not s.getfd then
      check.bad(name, "select", "list of sockets", s)
    end
  end
  return list or {}
end

-- Makes the wait known to the sockets, and puts them into the list `waits`,
-- which takes it back at the end.
local function announce(waits, recvt, sendt, fd)
  for _, list in ipairs { recvt, sendt } do
    for _, s in ipairs(list) do
      if base.is(s) then
        waits[#waits + 1] = s
        base.waits(s, fd)
      end
    end
  end
end

-- The members of a list that have a descriptor: lists of sockets and of
-- descriptors.
local function members(list)
  local sockets, fds = {}, {}
  for _, s in ipairs(list) do
    local fd = math.tointeger(s:getfd()) or -1
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

local function new_set()
  local made, set = _thread._try(_thread._pollset)
  return made and set or complain("%s", set)
end

-- Fills the set. False and a message if there is a descriptor that cannot be
-- waited for.
local function fill(set, recv, send)
  local modes = {}
  for _, fd in ipairs(recv.fds) do
    modes[fd] = "r"
  end
  for _, fd in ipairs(send.fds) do
    modes[fd] = modes[fd] and "rw" or "w"
  end
  return _thread._try(set.add, set, modes)
end

local function wait(recv, send, set, timeout)
  local stop = timeout and monotonic() + timeout
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
  recvt, sendt = check_list(recvt, "recvt"), check_list(sendt, "sendt")
  local set <close> = new_set()
  local waits <close> = setmetatable({}, waits_meta)
  announce(waits, recvt, sendt, set:fd())
  local recv, send = members(recvt), members(sendt)
  local ok, message = fill(set, recv, send)
  if ok then
    return wait(recv, send, set, base.limit(timeout))
  end
  local r, w, err = result(recv, send, {}, {})
  if err then -- it is not one that is being closed
    complain("%s", message)
  end
  return r, w
end
