--- Accounts, each behind a lock of another kind: no money comes or goes.

local threading = require "threading"

local MAKERS <const> = {
  threading.Lock, threading.RLock, threading.Condition, threading.Semaphore,
  function()
    return threading.Condition(threading.Lock())
  end,
  threading.BoundedSemaphore,
}
local AT_FIRST <const> = 1000

return function(world)
  local accounts, deeds = {}, {}
  for i = 1, world.random(8) + 1 do
    local make = MAKERS[world.random(#MAKERS)]
    accounts[i] = { lock = make(), money = AT_FIRST }
  end

  -- In an order, or they would wait for each other.
  local function two(random)
    local i, j = random(#accounts), random(#accounts - 1)
    if j >= i then
      j = j + 1
    end
    return accounts[math.min(i, j)], accounts[math.max(i, j)]
  end

  local function move(doer, from, to)
    local n = doer.random(100) - 50
    doer.safely(function()
      from.money = from.money - n
      to.money = to.money + n
    end)
  end

  function deeds.guarded(doer)
    local a, b = two(doer.random)
    local _ <close> = a.lock:guard()
    local _ <close> = b.lock:guard()
    move(doer, a, b)
  end

  function deeds.with(doer)
    local a, b = two(doer.random)
    a.lock:with(b.lock.with, b.lock, move, doer, a, b)
  end

  function deeds.tried(doer)
    local a, b = two(doer.random)
    local timeout = doer.random(3) == 1 and 0.0002 or nil
    doer.safely(function()
      if a.lock:acquire(timeout ~= nil, timeout) then
        if threading.shield(b.lock.acquire, b.lock, timeout ~= nil,
            timeout) then
          move(doer, a, b)
          b.lock:release()
        end
        a.lock:release()
      end
    end)
  end

  -- By plain calls: where a cancellation may come, the lock is not held.
  function deeds.plain(doer)
    local a, b = two(doer.random)
    doer.safely(function()
      a.lock:acquire()
      threading.shield(b.lock.acquire, b.lock)
      move(doer, a, b)
      b.lock:release()
      a.lock:release()
    end)
  end

  local rlock, depth = threading.RLock(), 0

  function deeds.nested(doer)
    local function descend(n)
      local _ <close> = rlock:guard()
      local before = depth
      depth = before + 1
      if n > 0 then
        descend(n - 1)
      end
      depth = before
    end
    rlock:with(function()
      doer.safely(descend, doer.random(5))
    end)
  end

  return deeds, function()
    local sum = 0
    for _, account in ipairs(accounts) do
      sum = sum + account.money
      assert(account.lock:acquire(false), "left locked")
      account.lock:release()
    end
    assert(sum == #accounts * AT_FIRST, "money: " .. sum)
    assert(depth == 0 and not rlock:locked(), "RLock left")
  end
end
