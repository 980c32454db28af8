-- A consumer that was notified takes an item without looking again: another one
-- may have been quicker.
local threading = require "threading"
local support = require "spec.explore.support"

local function program(again)
  local items, changed = 0, threading.Condition()
  local function take()
    local _ <close> = changed:guard()
    if items == 0 then
      repeat changed:wait() until items > 0 or not again
    end
    items = items - 1
    assert(items >= 0, "an item is taken that is not there")
  end
  local function put()
    local _ <close> = changed:guard()
    items = items + 1
    changed:notify()
  end
  support.together(take, take, function()
    put()
    put()
  end)
end

return {
  name = "if instead of while", prototype = 10,
  wrong = function() program(false) end,
  right = function() program(true) end,
}
