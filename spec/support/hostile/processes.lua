-- Values as bytes, memory that processes share, worker processes: see
-- ../hostile.lua.

local _thread = require "threading._thread"
local futures = require "threading.futures"
local threading = require "threading"

local cases = {}

local function nothing() end

local function make_values()
  local t = { 1, 2, { "x" }, ("y"):rep(5000) }
  t.self = t
  return t, threading.Array("int32", { 1, 2, 3 }), function()
    return t
  end
end

local function are_right(t, array, f)
  return t.self == t and #t[4] == 5000 and array[3] == 3 and f() == t
end

cases["pack"] = function()
  local t, array, f = make_values()
  return function()
    return _thread._pack("args[]", t, array, f)
  end, nothing, function(bytes)
    assert(are_right(_thread._unpack(bytes)))
  end
end

cases["unpack"] = function()
  local bytes = _thread._pack("args[]", make_values())
  return function()
    return _thread._unpack(bytes)
  end, nothing, function(...)
    assert(are_right(...))
  end
end

cases["a shared Array"] = function()
  return function()
    return threading.Array("int32", { 1, 2 }, { shared = true })
  end, nothing, function(a)
    assert(a[2] == 2 and a:fetch_add(2, 3) == 2 and a[2] == 5)
  end
end

cases["a worker process"] = function()
  local function start()
    local process, why = _thread._worker { "/bin/sh", "-c", "exit 0" }
    return process or error(why, 0)
  end
  return start, nothing, function(process)
    process:finish()
  end
end

cases["a pool of processes"] = function()
  local pool
  return function()
    pool = futures.ProcessPoolExecutor {
      max_workers = 1, initializer = math.abs, initargs = { 1 },
    }
  end, nothing, function()
    pool:shutdown()
  end
end

cases["submit to a pool of processes"] = function()
  local pool = futures.ProcessPoolExecutor(1)
  local f = pool:submit(math.abs, -5)
  f:result()
  return function()
    f = nil
    f = pool:submit(math.abs, -5)
  end, nothing, function()
    assert(f:result() == 5)
    pool:shutdown()
    assert(threading.active_count() == 1, "a thread is left")
  end
end

return cases
