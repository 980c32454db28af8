--- Events, Barriers, Timers, sleeps, and threads that wait for each other in
-- a circle.

local threading = require "threading"
local time = require "threading.time"

return function(world)
  local deeds = {}
  local event, gate = threading.Event(), threading.Barrier(2)
  local condition = threading.Condition(world.random(2) == 1
    and threading.Lock() or nil)

  function deeds.event(doer)
    if doer.random(2) == 1 then
      event:set()
    else
      event:clear()
    end
    event:wait(0.0005)
  end

  function deeds.notify(doer)
    local _ <close> = condition:guard()
    if doer.random(3) == 1 then
      condition:notify_all()
    else
      condition:notify(doer.random(3))
    end
    condition:wait(0.0003)
  end

  function deeds.gate(doer)
    local ok, err = pcall(gate.wait, gate, 0.0005)
    if threading.is_cancelled(err) then
      error(err, 0)
    end
    assert(ok or err:find "^broken barrier" or err:find ": broken barrier",
      err)
    if not ok then
      gate:reset()
    elseif doer.random(10) == 1 then
      gate:abort()
    end
  end

  -- Three rounds of a barrier in which nobody is missing: each gives every
  -- index once, and calls the action once.
  function deeds.rounds(doer)
    local n, calls = doer.random(3), 0
    local seen, threads = {}, {}
    local barrier = threading.Barrier(n, function()
      calls = calls + 1
    end)
    doer.safely(threading.shield, function()
      for i = 1, n do
        threads[i] = world:start(function()
          local sum = 0
          for _ = 1, 3 do
            sum = sum + barrier:wait()
          end
          seen[i] = sum
        end)
      end
      local sum = 0
      for i = 1, n do
        threads[i]:join()
        sum = sum + seen[i]
      end
      assert(sum == 3 * n * (n - 1) // 2 and calls == 3, "rounds")
    end)
  end

  function deeds.timer(doer)
    local calls = 0
    local t = threading.Timer(doer.random(10) * 1e-4, function()
      calls = calls + 1
    end)
    doer.safely(function()
      t:start()
      pcall(time.sleep, doer.random(10) * 1e-4)
      if doer.random(2) == 1 then
        t:cancel()
      end
      threading.shield(t.join, t)
      assert(calls <= 1 and t.finished:is_set(), "timer")
    end)
  end

  function deeds.sleep(doer)
    time.sleep(doer.random(5) * 1e-4)
  end

  -- One of the two gets the error, lets go, and the other one goes on.
  function deeds.circle(doer)
    if threading.deadlock_policy() == "off" then
      return
    end
    local a, b = threading.RLock(), threading.RLock()
    local both, told = threading.Barrier(2), threading.Value("int64")
    local function take(first, second)
      local _ <close> = first:guard()
      both:wait()
      local ok, err = pcall(second.acquire, second)
      if ok then
        second:release()
      else
        assert(err:find "deadlock", err)
        told:fetch_add(1)
      end
    end
    doer.safely(threading.shield, function()
      local t = world:start(take, a, b)
      take(b, a)
      t:join()
      assert(told.value == 1, "circle")
    end)
  end

  return deeds, function()
    assert(gate.n_waiting == 0, "left in the barrier")
  end
end
