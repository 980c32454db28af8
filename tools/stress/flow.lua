--- Queues, and a buffer made of a Condition: what goes in comes out once.

local interpreters = require "threading.interpreters"
local queue = require "threading.queue"
local threading = require "threading"

local KINDS <const> = {
  queue.Queue, queue.LifoQueue, interpreters.create_queue, queue.PriorityQueue,
  function()
    return queue.SimpleQueue()
  end,
}

-- A bounded buffer, as textbooks have it.
local function new_buffer(size)
  local list, condition = {}, threading.Condition()
  local buffer = {}

  function buffer.put(_, item, _, timeout)
    local _ <close> = condition:guard()
    if condition:wait_for(function()
      return #list < size
    end, timeout) then
      return threading.shield(function()
        list[#list + 1] = item
        condition:notify()
        return true
      end)
    end
  end

  function buffer.get(_, _, timeout)
    local _ <close> = condition:guard()
    if condition:wait_for(function()
      return #list > 0
    end, timeout) then
      return threading.shield(function()
        local item = table.remove(list, 1)
        condition:notify_all()
        return item
      end)
    end
  end

  return buffer
end

return function(world)
  local deeds, queues = {}, {}
  for i = 1, world.random(4) do
    local size = world.random(4)
    queues[i] = KINDS[world.random(#KINDS)](size)
  end
  queues[#queues + 1] = new_buffer(world.random(3))

  local function any(doer)
    local n = doer.random(#queues)
    return queues[n], "queue " .. n
  end

  -- The condition's wait says when it has waited for nothing; then nothing
  -- has been done.
  local function timeout_of(doer)
    return ({ 0, 0.0001, 0.001, 0.003 })[doer.random(4)]
  end

  function deeds.put(doer)
    local q, name = any(doer)
    local item, timeout = doer.random(1000), timeout_of(doer)
    doer.safely(function()
      if q:put(item, true, timeout) then
        doer.count(name, item)
      end
    end)
  end

  function deeds.get(doer)
    local q, name = any(doer)
    local timeout = timeout_of(doer)
    doer.safely(function()
      local item = q:get(true, timeout)
      if item then
        doer.count(name, -item)
        if q.task_done then
          q:task_done()
        end
      end
    end)
  end
  deeds.get_more = deeds.get

  -- A queue of its own, with producers and consumers until it is shut down.
  function deeds.stream(doer)
    local kind, n = doer.random(4), doer.random(doer.random(1000))
    local mixed = kind < 4 -- the fourth one compares
    local q = KINDS[kind](doer.random(300))
    local sums, threads = {}, {}
    local function consume(i)
      local sum = 0
      for item in q:items() do
        sum = sum + (tonumber(item) or item.n)
        q:task_done()
      end
      sums[i] = sum
    end
    doer.safely(threading.shield, function()
      for i = 1, 2 do
        threads[i] = world:start(consume, i)
      end
      for item = 1, n do -- numbers stand elsewhere than the rest
        q:put(mixed and item % 3 == 0 and { n = item } or item)
      end
      q:join()
      q:shutdown()
      for _, t in ipairs(threads) do
        t:join()
      end
      assert(sums[1] + sums[2] == n * (n + 1) // 2, "stream")
    end)
  end

  return deeds, function()
    for i, q in ipairs(queues) do
      local left = world:total("queue " .. i)
      while true do
        local item = q:get(true, 0)
        if not item then
          break
        end
        left = left - item
        if q.task_done then
          q:task_done()
        end
      end
      assert(left == 0, ("queue %d: %d left over"):format(i, left))
      assert(not q.join or q:join(0), "unfinished tasks")
    end
  end
end
