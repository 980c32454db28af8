-- A buffer of two places, one writer, one reader: how many items there are is
-- counted by both.
local threading = require "threading"
local support = require "spec.explore.support"

local ITEMS <const> = 3

local function program(lock)
  local ring, size, count = {}, 2, 0
  local add = support.guarded(lock, function(n)
    count = count + n
  end)
  local received = {}
  support.together(function()
    for item = 1, ITEMS do
      while count == size do end
      ring[item % size] = item
      add(1)
    end
  end, function()
    for item = 1, ITEMS do
      while count == 0 do end
      received[item] = ring[item % size]
      add(-1)
    end
  end)
  assert(table.concat(received, " ") == "1 2 3" and count == 0)
end

return {
  name = "circular buffer", prototype = 26,
  wrong = function() program(nil) end,
  right = function() program(threading.Lock()) end,
}
