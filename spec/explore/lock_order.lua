-- Two locks, taken in both orders: a deadlock.
local threading = require "threading"
local support = require "spec.explore.support"

local function transfer(from, to)
  return function()
    local _ <close> = from:guard()
    local _ <close> = to:guard()
  end
end

return {
  name = "lock order", prototype = 3,
  wrong = function()
    local a, b = threading.Lock(), threading.Lock()
    support.together(transfer(a, b), transfer(b, a))
  end,
  right = function()
    local a, b = threading.Lock(), threading.Lock()
    support.together(transfer(a, b), transfer(a, b))
  end,
}
