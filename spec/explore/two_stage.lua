-- One thread changes two values, each with its lock; another reads both in the
-- same way, and finds the second one not yet changed.
local threading = require "threading"
local support = require "spec.explore.support"

local function program(whole)
  local first, second = 0, 0
  local a, b = threading.Lock(), threading.Lock()
  support.together(support.guarded(whole, function()
    a:acquire()
    first = 1
    a:release()
    b:acquire()
    second = first + 1
    b:release()
  end), support.guarded(whole, function()
    a:acquire()
    local seen = first
    a:release()
    if seen ~= 0 then
      b:acquire()
      assert(second == seen + 1)
      b:release()
    end
  end))
end

return {
  name = "two stages", prototype = 17,
  wrong = function() program(nil) end,
  right = function() program(threading.Lock()) end,
}
