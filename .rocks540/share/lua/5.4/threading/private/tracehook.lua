-- The hooks that threads get as they begin, settrace and setprofile; and those
-- that live, settrace_all_threads and setprofile_all_threads.
--
-- Lua has one hook for each coroutine. Where both are set, one function calls
-- the two.

local _thread = require "threading._thread"
local check = require "threading.private.check"
local complain = require "threading.private.complain"
local standard = require "threading.private.standard"
local debug, string = standard.debug, standard.string
local type = type

local M = {}

-- What is set: { fn, mask, count }, or nil. Any thread may set them; a table is
-- not changed any more, so that who reads it sees one call's.
local trace, profile

-- The second is called by a tail call, so that level 2 is what runs there, as
-- in any hook. It gets the events of the mask.
local function both(first, second, mask)
  local wanted = {
    call = string.find(mask, "c", 1, true),
    ["tail call"] = string.find(mask, "c", 1, true),
    ["return"] = string.find(mask, "r", 1, true),
    line = true,
    count = true,
  }
  return function(event, line)
    if event ~= "line" and event ~= "count" then
      first(event, line, 3)
    end
    if wanted[event] then
      return second(event, line)
    end
  end
end

local function check_function(fn, where)
  if fn ~= nil and type(fn) ~= "function" then
    check.bad("fn", where, "function or nil", fn)
  end
end

local function settrace(fn, mask, count, where)
  check_function(fn, where)
  check.string(mask, "mask", where)
  count = check.integer(count, "count", where) or 0
  if count < 0 or count > 0x7fffffff then
    complain("bad argument 'count' to '%s' (0 to 2147483647 expected, got %d)",
      where, count)
  end
  trace = fn and { fn = fn, mask = mask or "crl", count = count }
end

function M.settrace(fn, mask, count)
  settrace(fn, mask, count, "settrace")
end

function M.gettrace()
  if trace then
    return trace.fn, trace.mask, trace.count
  end
end

local function setprofile(fn, where)
  check_function(fn, where)
  profile = fn and { fn = fn, mask = "cr" }
end

function M.setprofile(fn)
  setprofile(fn, "setprofile")
end

function M.getprofile()
  return profile and profile.fn
end

-- The hook of both, its mask and its count; nothing, if nothing is set.
local function current()
  local first, second = profile, trace
  local it = second or first
  if not it then
    return
  end
  local hook, mask, count = it.fn, it.mask, it.count
  if first and second then
    hook, mask = both(first.fn, hook, mask), mask .. first.mask
  end
  return hook, mask, count
end

-- What a thread that is started now calls, with its Thread, instead of its
-- `run`; nil if nothing is set.
function M.begin()
  local hook, mask, count = current()
  if not hook then
    return
  end
  return function(thread)
    local run = thread.run
    debug.sethook(hook, mask, count)
    return run(thread)
  end
end

local function set(co)
  local hook, mask, count = current()
  if hook then
    debug.sethook(co, hook, mask, count)
  else
    debug.sethook(co)
  end
end

function M.settrace_all_threads(fn, mask, count)
  settrace(fn, mask, count, "settrace_all_threads")
  _thread._sethooks(set)
end

function M.setprofile_all_threads(fn)
  setprofile(fn, "setprofile_all_threads")
  _thread._sethooks(set)
end

return M
