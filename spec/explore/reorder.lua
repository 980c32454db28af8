-- The programs of reorder_3 and reorder_5.
local threading = require "threading"
local support = require "spec.explore.support"

local function program(n, lock)
  local a, b = 0, 0
  local threads = {}
  for i = 1, n - 1 do
    threads[i] = support.guarded(lock, function()
      a = 1
      b = -1
    end)
  end
  threads[n] = support.guarded(lock, function()
    assert(a == 0 and b == 0 or a == 1 and b == -1)
  end)
  support.together(table.unpack(threads))
end

return function(n, prototype)
  return {
    name = "reorder " .. n, prototype = prototype,
    wrong = function() program(n, nil) end,
    right = function() program(n, threading.Lock()) end,
  }
end
