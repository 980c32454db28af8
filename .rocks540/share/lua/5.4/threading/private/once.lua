-- Functions that run once, however many threads call them.

local _thread = require "threading._thread"
local check = require "threading.private.check"
local complain = require "threading.private.complain"
local standard = require "threading.private.standard"
local table = standard.table

-- The lock is an RLock, so that a deadlock of two such functions, each of
-- which calls the other one, is known for certain.
return function(fn)
  check.callable(fn, "fn", "once")
  local lock, runs, results = _thread.rlock(), false, nil

  local function stop()
    runs = false
  end

  local function run(...)
    local _ <close> = lock:guard()
    if runs then
      complain "the function that 'once' runs has called it again"
    end
    if not results then
      local _ <close> = _thread._defer(stop)
      runs = true
      results = table.pack(fn(...))
      fn = nil -- what it refers to is not needed any more
    end
  end

  return function(...)
    if not results then
      run(...)
    end
    return table.unpack(results, 1, results.n)
  end
end
