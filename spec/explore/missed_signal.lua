-- One thread looks whether it has to wait; before it does, the other notifies.
local threading = require "threading"
local support = require "spec.explore.support"

local function program(waits)
  local ready, changed = { false }, threading.Condition()
  support.together(function()
    waits(ready, changed)
  end, function()
    local _ <close> = changed:guard()
    ready[1] = true
    changed:notify()
  end)
end

return {
  name = "missed signal", prototype = 7,
  wrong = function()
    program(function(ready, changed)
      if not ready[1] then
        local _ <close> = changed:guard()
        changed:wait()
      end
    end)
  end,
  right = function()
    program(function(ready, changed)
      local _ <close> = changed:guard()
      while not ready[1] do
        changed:wait()
      end
    end)
  end,
}
