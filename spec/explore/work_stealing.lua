-- The owner takes tasks from the end of a queue, a thief from its beginning.
-- Only the last one is fought for; who has looked too early does not know that
-- it is the last one.
local threading = require "threading"
local support = require "spec.explore.support"

local function program(lock)
  local tasks, head, tail = { 1, 2 }, 1, 3
  local done = { 0, 0 }

  local pop = support.guarded(lock, function()
    if head < tail then
      tail = tail - 1
      return tasks[tail]
    end
    return nil
  end)

  local steal = support.guarded(lock, function()
    if head < tail then
      head = head + 1
      return tasks[head - 1]
    end
    return nil
  end)

  local function worker(take)
    return function()
      for task in take do
        done[task] = done[task] + 1
      end
    end
  end

  support.together(worker(pop), worker(steal))
  assert(done[1] == 1 and done[2] == 1, "a task is done twice, or not at all")
end

return {
  name = "work stealing", prototype = 33,
  wrong = function() program(nil) end,
  right = function() program(threading.Lock()) end,
}
