-- Queues between interpreters, and pools of them: see ../hostile.lua.

local _thread = require "threading._thread"
local futures = require "threading.futures"
local interpreters = require "threading.interpreters"
local threading = require "threading"

local BLOCK <const> = 64 -- items, see csrc/os/tuning.h

local cases = {}

local function nothing() end

local function alone()
  assert(threading.active_count() == 1, "a thread is left")
  assert(next(_thread._parked()) == nil)
  assert(#interpreters.list_all() == 1, "an interpreter is left")
end

cases["create_queue"] = function()
  return interpreters.create_queue, nothing, function(q)
    q:put { 1 }
    assert(q:get()[1] == 1)
  end
end

for name, item in pairs {
  ["a number"] = 5, ["a string"] = "item", ["a table"] = { 5 },
  ["an object"] = threading.Lock(),
} do
  local function is_item(other)
    return type(item) == "table" and other[1] == 5 or other == item
  end

  cases["interpreters.Queue:put, " .. name] = function()
    local q = interpreters.create_queue()
    for _ = 1, BLOCK - 1 do
      q:put(1)
      q:get()
    end
    return function()
      q:put(item)
    end, function()
      assert(q:qsize() == 0)
    end, function()
      assert(q:qsize() == 1 and is_item(q:get()))
    end
  end

  -- An item is gone that was taken out, and for which there is no memory.
  cases["interpreters.Queue:get, " .. name] = function()
    local q = interpreters.create_queue()
    q:put(item)
    return function()
      return q:get()
    end, function()
      if q:empty() then
        q:put(item)
      end
    end, function(other)
      assert(q:qsize() == 0 and is_item(other))
    end
  end
end

cases["a pool of interpreters"] = function()
  local pool, f
  return function()
    pool = futures.InterpreterPoolExecutor {
      max_workers = 1, initializer = math.abs, initargs = { 1 },
    }
  end, nothing, function()
    f = pool:submit(math.abs, -5)
    assert(f:result() == 5)
    pool:shutdown()
    alone()
  end
end

cases["submit to a pool of interpreters"] = function()
  local pool = futures.InterpreterPoolExecutor { max_workers = 1 }
  local f = pool:submit(math.abs, -5)
  f:result()
  return function()
    f = nil
    f = pool:submit(math.abs, -5)
  end, nothing, function()
    assert(f:result() == 5)
    pool:shutdown()
    alone()
  end
end

cases["the result of a pool of interpreters"] = function()
  local pool = futures.InterpreterPoolExecutor { max_workers = 1 }
  local f = pool:submit(function()
    return { 5 }
  end)
  return function()
    return f:result()
  end, nothing, function(result)
    assert(result[1] == 5)
    pool:shutdown()
    alone()
  end
end

return cases
