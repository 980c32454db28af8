-- A driver counts the requests that it works on, and stops when there are none.
-- A request that has seen that it does not stop is counted too late.
local threading = require "threading"
local support = require "spec.explore.support"

local function program(lock)
  local pending, stopping, idle, stopped = 1, false, false, false

  local enter = support.guarded(lock, function()
    if stopping then
      return false
    end
    pending = pending + 1
    return true
  end)

  local leave = support.guarded(lock, function(stops)
    stopping = stopping or stops
    pending = pending - 1
    idle = pending == 0
  end)

  local function request()
    if enter() then
      assert(not stopped, "a request works on a driver that has stopped")
      leave(false)
    end
  end

  support.together(request, request, function()
    leave(true)
    stopped = idle
  end)
end

return {
  name = "bluetooth driver", prototype = 8,
  wrong = function() program(nil) end,
  right = function() program(threading.Lock()) end,
}
