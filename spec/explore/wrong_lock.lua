-- Two threads guard the same counter, each with another lock.
local threading = require "threading"
local support = require "spec.explore.support"

local function program(one, other)
  local count = 0
  local function counter(lock)
    return function()
      for _ = 1, 2 do
        local _ <close> = lock:guard()
        count = count + 1
      end
    end
  end
  support.together(counter(one), counter(other))
  assert(count == 4)
end

return {
  name = "wrong lock", prototype = 3,
  wrong = function() program(threading.Lock(), threading.Lock()) end,
  right = function()
    local lock = threading.Lock()
    program(lock, lock)
  end,
}
