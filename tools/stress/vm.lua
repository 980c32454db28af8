--- Coroutines, errors, hooks, finalizers, the collector: what the VM does
-- while threads are switched.

local queue = require "threading.queue"
local threading = require "threading"
local time = require "threading.time"

return function(world)
  local deeds, garbage = {}, queue.SimpleQueue()

  function deeds.coroutines(doer)
    local n, sum = doer.random(20), 0
    local co = coroutine.wrap(function()
      local inner = coroutine.wrap(function()
        for i = 1, n do
          coroutine.yield(i)
        end
      end)
      for _ = 1, n do
        coroutine.yield(inner())
      end
    end)
    for _ = 1, n do
      sum = sum + co()
    end
    assert(sum == n * (n + 1) // 2, "coroutines")
  end

  function deeds.closed_coroutine(doer)
    local closed = 0
    local co = coroutine.create(function()
      local _ <close> = setmetatable({}, { __close = function()
        closed = closed + 1
      end })
      time.sleep(0)
      coroutine.yield()
    end)
    doer.safely(threading.shield, function()
      assert(coroutine.resume(co))
      assert(coroutine.close(co) and closed == 1, "closed coroutine")
    end)
  end

  function deeds.errors(doer)
    local function deep(n)
      if n == 0 then
        error "deep"
      end
      return 1 + deep(n - 1)
    end
    local ok, err = pcall(deep, doer.random(150))
    assert(not ok)
    if threading.is_cancelled(err) then
      error(err, 0)
    end
  end

  local overflow = threading.Lock()

  -- Without the collector: a finalizer that runs where the stack is full fails,
  -- in any Lua.
  function deeds.overflow(doer)
    local function f()
      return 1 + f()
    end
    if doer.random(40) == 1 then
      doer.safely(threading.shield, function()
        local _ <close> = overflow:guard()
        collectgarbage "stop"
        local ok = xpcall(f, debug.traceback)
        collectgarbage "restart"
        assert(not ok)
      end)
    end
  end

  function deeds.hook(doer)
    local n = 0
    doer.safely(threading.shield, function()
      debug.sethook(function()
        n = n + 1
      end, "crl", 7)
      for i = 1, 20 do
        math.abs(-i)
      end
      debug.sethook()
      assert(n > 60 and debug.gethook() == nil, "hook")
    end)
  end

  -- A finalizer may put into a queue that another one of the same thread is
  -- just putting into.
  function deeds.finalizers(doer)
    local n = doer.random(10)
    doer.safely(threading.shield, function()
      for _ = 1, n do
        setmetatable({}, { __gc = function()
          garbage:put(1)
        end })
      end
      doer.count("garbage", n)
    end)
  end

  function deeds.collect(doer)
    if doer.random(20) == 1 then
      collectgarbage()
    else
      collectgarbage("step", doer.random(50))
    end
  end

  function deeds.strings(doer)
    local list = {}
    for i = 1, doer.random(100) do
      list[i] = ("%d %s"):format(i, ("x"):rep(i))
    end
    assert(#table.concat(list) > 0)
    table.sort(list)
  end

  function deeds.compute(doer)
    local x = 0
    for i = 1, doer.random(20000) do
      x = x ~ i
    end
    return x
  end

  return deeds, function()
    collectgarbage()
    collectgarbage()
    assert(garbage:qsize() == world:total "garbage", "finalizers")
  end
end
