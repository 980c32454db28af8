-- A queue is not empty, and is when an item is taken.
local queue = require "threading.queue"
local support = require "spec.explore.support"

local function program(take)
  local q = queue.Queue()
  q:put("an item")
  local function consumer()
    take(q)
  end
  support.together(consumer, consumer)
end

return {
  name = "check, then act", prototype = 3,
  wrong = function()
    program(function(q)
      if not q:empty() then
        assert(q:get_nowait() == "an item")
      end
    end)
  end,
  right = function()
    program(function(q)
      local item = q:get_nowait()
      assert(item == nil or item == "an item")
    end)
  end,
}
