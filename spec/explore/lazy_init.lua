-- What is made when it is first needed is made twice.
local threading = require "threading"
local support = require "spec.explore.support"

local function program(lock)
  local made, instance = 0, nil
  local get = support.guarded(lock, function()
    if not instance then
      made = made + 1
      instance = {}
    end
    return instance
  end)
  local one, other
  support.together(function() one = get() end, function() other = get() end)
  assert(one == other and made == 1)
end

return {
  name = "lazy initialisation", prototype = 2,
  wrong = function() program(nil) end,
  right = function() program(threading.Lock()) end,
}
