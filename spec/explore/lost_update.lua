-- An update gets lost: a balance is read, changed and written in steps, between
-- which another thread does the same.
local threading = require "threading"
local support = require "spec.explore.support"

local function program(lock)
  local balance = 0
  local change_it = support.guarded(lock, function(n)
    balance = balance + n
    balance = balance - n
  end)
  local function run_thread(n)
    return function()
      for _ = 1, 10 do
        change_it(n)
      end
    end
  end
  support.together(run_thread(5), run_thread(8))
  assert(balance == 0, "balance is " .. balance)
end

return {
  name = "lost update", prototype = 2,
  wrong = function() program(nil) end,
  right = function() program(threading.Lock()) end,
}
