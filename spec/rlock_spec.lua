local contracts = require "spec.support.contracts"
local support = require "spec.support"
local threading = require "threading"

describe("RLock", function()
  contracts.mutual_exclusion(it, threading.RLock)
  contracts.waitable(it, threading.RLock, "RLock")
  contracts.guardable(it, threading.RLock)
  contracts.owned(it, threading.RLock, "RLock")

  it("locked tells at any depth, from any thread", function()
    local lock = threading.RLock()
    assert.is_false(lock:locked())
    for _ = 1, 3 do
      lock:acquire()
      assert.is_true(lock:locked())
      assert.is_true(support.in_thread(lock.locked, lock))
    end
    for _ = 1, 3 do
      assert.is_true(lock:locked())
      lock:release()
    end
    assert.is_false(lock:locked())
    assert.is_false(support.in_thread(lock.locked, lock))
  end)

  it("counts from one for each owner, also one that had to wait", function()
    local lock, depths = threading.RLock(), {}
    lock:acquire()
    lock:acquire()
    local list = support.start_many(4, function(i)
      lock:acquire()
      depths[i] = tostring(lock):match "count=(%d+)"
      lock:release()
    end)
    support.wait_parked(4, "RLock")
    lock:release()
    lock:release()
    support.join(list)
    assert.same({ "1", "1", "1", "1" }, depths)
    assert.is_false(lock:locked())
  end)

  it("a timeout of the owner is no wait", function()
    local lock = threading.RLock()
    lock:acquire()
    assert.is_true(lock:acquire(true, 0.001))
    assert.is_true(lock:acquire(true, threading.TIMEOUT_MAX))
    assert.matches("count=3", tostring(lock), 1, true)
  end)

  it("a guard gives back one level on an error", function()
    local lock = threading.RLock()
    lock:acquire()
    assert.equal("x", support.message(function()
      local _ <close> = lock:guard()
      error("x", 0)
    end))
    assert.matches("count=1", tostring(lock), 1, true)
  end)

  it("tostring says its state, owner and count, in every thread", function()
    local lock = threading.RLock()
    local free = "^<unlocked threading%.RLock at 0x%x+>$"
    assert.matches(free, tostring(lock))
    for i = 1, 3 do
      lock:acquire()
      local held = "^<locked threading%.RLock owner=MainThread count=" .. i
        .. " at 0x%x+>$"
      assert.matches(held, tostring(lock))
      assert.matches(held, support.in_thread(tostring, lock))
    end
    for _ = 1, 3 do
      lock:release()
    end
    assert.matches(free, tostring(lock))
  end)

  it("is owned by a thread, not by a coroutine", function()
    local lock = threading.RLock()
    lock:acquire()
    assert.is_true(coroutine.wrap(function()
      local again = lock:acquire(false)
      lock:release()
      return again
    end)())
    assert.matches("count=1", tostring(lock), 1, true)
  end)

  it("takes options alone", function()
    assert.equal("bad argument #1 to 'RLock' (options: table expected, got 1)",
      support.message(threading.RLock, 1))
  end)
end)
