-- Three philosophers, who all begin with the fork on the left.
local threading = require "threading"
local support = require "spec.explore.support"

local function program(is_polite)
  local forks, diners = {}, {}
  for i = 1, 3 do
    forks[i] = threading.Lock()
  end
  for i = 1, 3 do
    local left, right = forks[i], forks[i % 3 + 1]
    if is_polite and i == 3 then
      left, right = right, left
    end
    diners[i] = function()
      left:acquire()
      right:acquire()
      right:release()
      left:release()
    end
  end
  support.together(table.unpack(diners))
end

return {
  name = "three philosophers", prototype = 3,
  wrong = function() program(false) end,
  right = function() program(true) end,
}
