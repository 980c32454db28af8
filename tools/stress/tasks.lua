--- Pools of threads or interpreters, and futures: every task runs once, or is
-- cancelled.

local futures = require "threading.futures"
local threading = require "threading"

return function(world)
  local deeds, ran = {}, threading.Value "int64"
  local new = world.random(2) == 1 and futures.ThreadPoolExecutor
    or futures.InterpreterPoolExecutor
  local pool = new { max_workers = world.random(3) }

  local function task(n)
    ran:fetch_add(1)
    if n % 7 == 0 then
      error { n }
    end
    return n
  end

  function deeds.submit(doer)
    doer.safely(function()
      local n = doer.random(50)
      local future = threading.shield(pool.submit, pool, task, n)
      doer.count "submitted"
      if doer.random(4) == 1 and future:cancel() then
        doer.count "cancelled"
        return
      end
      local ok, result = threading.shield(pcall, future.result, future)
      assert(ok and result == n or not ok and result[1] == n, "result")
    end)
  end

  function deeds.wait(doer)
    doer.safely(threading.shield, function()
      local list = {}
      for i = 1, doer.random(6) do
        list[i] = pool:submit(task, 1)
      end
      doer.count("submitted", #list)
      local seen = 0
      for future in futures.as_completed(list) do
        seen = seen + future:result()
      end
      assert(seen == #list, "as_completed")
      assert(#futures.wait(list) == #list, "wait")
    end)
  end

  function deeds.map(doer)
    doer.safely(threading.shield, function()
      local sum, n = 0, doer.random(6)
      for _, x in pool:map(task, { 1, 2, 3, 4, 5, 6 }, { buffersize = n }) do
        sum = sum + x
      end
      doer.count("submitted", 6)
      assert(sum == 21, "map")
    end)
  end

  function deeds.pool(doer)
    doer.safely(threading.shield, function()
      local own = new { max_workers = doer.random(2) }
      local list = {}
      for i = 1, doer.random(5) do
        list[i] = own:submit(task, 1)
      end
      own:shutdown { wait = true, cancel_futures = doer.random(2) == 1 }
      for _, future in ipairs(list) do
        doer.count "submitted"
        assert(future:done(), "not done after shutdown")
        if future:cancelled() then
          doer.count "cancelled"
        end
      end
    end)
  end

  return deeds, function()
    pool:shutdown()
    assert(ran.value == world:total "submitted" - world:total "cancelled",
      "tasks")
  end
end
