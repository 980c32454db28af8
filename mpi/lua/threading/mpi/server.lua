-- A rank that makes calls for rank 0: one after the other, until that says that
-- it is over.

local _mpi = require "threading._mpi"
local _thread = require "threading._thread"
local portable = require "threading.private.portable"
local standard = require "threading.private.standard"
local debug, string = standard.debug, standard.string
local error, pcall, tostring, xpcall = error, pcall, tostring, xpcall

local server = {
  CALL = -1, -- the tag of calls; that of an answer is below, and its own
  LEAVE = "", -- instead of a call: serve no more
}

-- The frames of this file, and what has called it, are of no interest.
local function cut(traceback)
  return (string.gsub(traceback, "\n[^\n]*xpcall'.*$", ""))
end

-- The message handler: an error and its traceback, as one value. What ends the
-- thread has none.
local function describe(err)
  if _thread._is_asked(err) then
    return err
  elseif _thread._is_exit(err) then
    return { err = tostring(err) }
  end
  return { err = err, traceback = cut(debug.traceback("", 2)) }
end

local function outcome(rank, ok, ...)
  if ok then
    return true, ...
  end
  local failure = ...
  if _thread._is_asked(failure) then
    error(failure, 0)
  end
  local traceback = failure.traceback
  return false, failure.err, traceback and string.format("rank %d: %s%s", rank,
    tostring(failure.err), traceback)
end

-- The answer as bytes. An error that cannot go to the other rank goes as text.
local function pack(rank, ok, ...)
  local packed, bytes = pcall(portable.pack, "ok,results[]", ok, ...)
  if packed then
    return bytes
  end
  local text = string.format("rank %d: %s", rank, bytes)
  if not ok then
    local err, traceback = ...
    return portable.pack("", false, tostring(err), traceback)
  end
  return portable.pack("", false, text, nil)
end

local function apply(fn, ...)
  return fn(...)
end

local function call(bytes)
  return apply(portable.unpack(bytes))
end

local function answer(handle, rank, source, parcel)
  local bytes = _mpi.fetch(parcel)
  local tag = string.unpack("<i4", bytes)
  bytes = string.sub(bytes, 5)
  local reply = pack(rank, outcome(rank, xpcall(call, describe, bytes)))
  return _mpi.send(handle, source, tag, reply)
end

-- Serves the rank `root`. The calls' own errors are answers; an error of this
-- function is the end of what this thread does.
function server.run(handle, root)
  local rank = _mpi.rank(handle)
  _mpi.serve(handle, true)
  while true do
    local parcel, source = _mpi.receive(handle, root, server.CALL)
    if not parcel or parcel == server.LEAVE then
      break
    end
    answer(handle, rank, source, parcel)
  end
  _mpi.serve(handle, false)
end

return server
