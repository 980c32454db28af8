local _thread = require "threading._thread"
local contracts = require "spec.support.contracts"
local support = require "spec.support"
local threading = require "threading"
local time = require "threading.time"

local function over_lock()
  return threading.Condition(threading.Lock())
end

-- A lock made in Lua, of which only acquire and release are known.
local function over_object()
  local lock = threading.Lock()
  return threading.Condition {
    acquire = function(_, ...)
      return lock:acquire(...)
    end,
    release = function()
      lock:release()
    end,
  }
end

describe("Condition as a lock", function()
  describe("over its own RLock", function()
    contracts.mutual_exclusion(it, threading.Condition)
    contracts.waitable(it, threading.Condition, "RLock")
    contracts.guardable(it, threading.Condition)
    contracts.owned(it, threading.Condition, "RLock")
  end)

  describe("over a Lock", function()
    contracts.mutual_exclusion(it, over_lock)
    contracts.waitable(it, over_lock, "Lock")
    contracts.guardable(it, over_lock)
  end)

  describe("over an object", function()
    contracts.mutual_exclusion(it, over_object)
    contracts.waitable(it, over_object, "Lock")
    contracts.guardable(it, over_object)
  end)

  it("is held exactly when its lock is", function()
    for _, new in ipairs { threading.Lock, threading.RLock } do
      local lock = new()
      local condition = threading.Condition(lock)
      condition:acquire()
      assert.is_true(lock:locked())
      assert.is_false(support.in_thread(lock.acquire, lock, false))
      condition:release()
      assert.is_false(lock:locked())
      lock:acquire()
      assert.is_true(condition:locked())
      assert.is_false(support.in_thread(condition.acquire, condition, false))
      condition:release()
    end
  end)

  it("release of a free one is the lock's own error", function()
    assert.matches("cannot release un-acquired lock",
      support.message(function()
        threading.Condition():release()
      end), 1, true)
    assert.matches("release unlocked lock", support.message(function()
      over_lock():release()
    end), 1, true)
  end)

  it("several share one lock", function()
    local lock = threading.Lock()
    local full, empty = threading.Condition(lock), threading.Condition(lock)
    local slot, got = nil, {}
    local N <const> = 300
    local t = support.start(function()
      for _ = 1, N do
        local _ <close> = lock:guard()
        full:wait_for(function()
          return slot
        end)
        got[#got + 1] = slot
        slot = nil
        empty:notify()
      end
    end)
    for i = 1, N do
      local _ <close> = lock:guard()
      empty:wait_for(function()
        return slot == nil
      end)
      slot = i
      full:notify()
    end
    support.join(t)
    for i = 1, N do
      assert.equal(i, got[i])
    end
  end)

  it("is over something with acquire and release only", function()
    for _, bad in ipairs {
      1, "x", true, print, { acquire = print }, { release = print },
      coroutine.create(print), threading.Event(),
    } do
      assert.matches("lock: object with acquire and release expected",
        support.message(threading.Condition, bad), 1, true)
    end
  end)
end)

-- What wait and notify promise over each kind of lock; `what` is how its
-- waiters are named.
local function conditions(new, what)
  it("notify(n) frees n, who go on when the notifier has released",
    function()
      local condition = new()
      for _ = 1, 2 do -- the whole of it is repeatable
        local results, round, waiting = {}, 0, 0
        local list = support.start_many(5, function(i)
          results[i] = {}
          for turn = 1, 2 do
            condition:acquire()
            waiting = waiting + 1
            local result = condition:wait()
            waiting = waiting - 1
            results[i][turn] = { result, round }
            condition:release()
          end
        end)
        -- Notifies n; then they wait for the lock, the others for the notify.
        local function notify(n, all)
          support.wait_until(function()
            return waiting == 5 or all
          end)
          condition:acquire()
          round = round + 1
          local before = waiting
          assert.equal(0, select("#", condition:notify(n)))
          support.wait_parked(math.min(n, before), what)
          assert.equal(before, waiting)
          condition:release()
        end
        local function passed()
          local n = 0
          for _, turns in ipairs(results) do
            n = n + #turns
          end
          return n
        end
        notify(3)
        support.wait_until(function()
          return passed() == 3
        end)
        notify(5)
        support.wait_until(function()
          return passed() == 8
        end)
        support.wait_parked(2, "Condition")
        condition:acquire()
        round = round + 1
        assert.equal(0, select("#", condition:notify_all()))
        condition:release()
        support.join(list)
        local rounds = { 0, 0, 0 }
        for _, turns in ipairs(results) do
          for _, turn in ipairs(turns) do
            assert.is_true(turn[1])
            rounds[turn[2]] = rounds[turn[2]] + 1
          end
        end
        assert.same({ 3, 5, 2 }, rounds)
      end
    end)

  it("a notify that nobody waits for is not remembered", function()
    local condition = new()
    condition:with(function()
      condition:notify()
      condition:notify(99)
      condition:notify_all()
      assert.is_false(condition:wait(0.001))
    end)
  end)

  it("notify of none or fewer frees none", function()
    local condition, result = new()
    local t = support.start(function()
      local _ <close> = condition:guard()
      result = condition:wait()
    end)
    support.wait_thread_parked(t, "Condition")
    condition:with(function()
      for _, n in ipairs { 0, -1, math.mininteger } do
        condition:notify(n)
      end
    end)
    support.wait_thread_parked(t, "Condition")
    assert.is_nil(result)
    condition:with(condition.notify, condition, 99)
    support.join(t)
    assert.is_true(result)
  end)

  it("a timeout returns false, not before its time, with the lock held",
    function()
      local condition = new()
      local _ <close> = condition:guard()
      assert.is_false(condition:wait(0))
      local start = time.monotonic()
      assert.is_false(condition:wait(0.02))
      assert.is_true(time.monotonic() - start >= 0.02)
      assert.is_false(support.in_thread(condition.acquire, condition, false))
    end)

  it("who has timed out swallows no notify", function()
    local condition, result = new()
    local t = support.start(function()
      local _ <close> = condition:guard()
      result = condition:wait(support.PATIENCE)
    end)
    support.wait_thread_parked(t, "Condition")
    support.join(support.start_many(3, function()
      local _ <close> = condition:guard()
      assert(not condition:wait(0.001))
    end))
    condition:with(condition.notify, condition)
    support.join(t)
    assert.is_true(result)
  end)

  it("a notify is never lost to a timeout that comes at the same time",
    function()
      local condition, pending, served = new(), 0, 0
      local over = false
      local list = support.start_many(4, function(i)
        while not over do
          local _ <close> = condition:guard()
          if condition:wait(i * 2e-5) then
            served = served + 1
            pending = pending - 1
          end
        end
      end)
      local sent, unsure = 0, 0
      for _ = 1, 300 do
        condition:with(function()
          -- As many as really wait, so that each must be taken.
          local switches = _thread._switches()
          local waiting = tonumber(tostring(condition):match "(%d+)%)>$")
          if waiting > 0 then
            condition:notify()
            if _thread._switches() == switches then
              sent = sent + 1
              pending = pending + 1
            else -- the last one may have given up in between
              unsure = unsure + 1
            end
          end
        end)
        time.sleep(0)
      end
      over = true
      support.join(list)
      assert.is_true(sent <= served and served <= sent + unsure)
      assert.is_true(-unsure <= pending and pending <= 0)
    end)

  it("wakes in the order of arrival", function()
    local condition, order, list = new(), {}, {}
    for i = 1, 5 do
      list[i] = support.start(function()
        local _ <close> = condition:guard()
        condition:wait()
        order[#order + 1] = i
      end)
      support.wait_thread_parked(list[i], "Condition")
    end
    for i = 1, 5 do
      condition:with(condition.notify, condition)
      support.join(list[i])
    end
    assert.same({ 1, 2, 3, 4, 5 }, order)
  end)

  it("wait_for returns once the predicate is true, and its value",
    function()
      local condition, state, seen, value = new(), 0, {}
      local t = support.start(function()
        local _ <close> = condition:guard()
        value = condition:wait_for(function()
          seen[#seen + 1] = state
          return state == 4 and "four"
        end)
      end)
      for i = 1, 4 do
        support.wait_thread_parked(t, "Condition")
        condition:with(function()
          state = i
          condition:notify()
        end)
        if i < 4 then
          support.wait_until(function()
            return seen[#seen] == i
          end)
        end
      end
      support.join(t)
      assert.equal("four", value)
      assert.same({ 0, 1, 2, 3, 4 }, seen)
    end)

  it("wait_for waits the whole timeout, whatever is notified", function()
    local condition, over = new(), false
    local t = support.start(function()
      while not over do
        condition:with(condition.notify, condition)
        time.sleep(0.001)
      end
    end)
    local calls, start = 0, time.monotonic()
    local value = condition:with(function()
      return condition:wait_for(function()
        calls = calls + 1
        return false
      end, 0.05)
    end)
    local took = time.monotonic() - start
    over = true
    support.join(t)
    assert.is_false(value)
    assert.is_true(took >= 0.05)
    assert.is_true(calls >= 2)
  end)

  it("wait_for looks once more after the timeout; its value counts",
    function()
      local condition, calls = new(), 0
      local _ <close> = condition:guard()
      assert.is_nil(condition:wait_for(function()
        calls = calls + 1
        assert.is_false(support.in_thread(condition.acquire, condition, false))
        return nil
      end, 0.001))
      assert.equal(2, calls)
      assert.equal("late", condition:wait_for(function()
        calls = calls + 1
        return calls == 4 and "late"
      end, 0))
    end)

  it("an error in the predicate goes on, with the lock held", function()
    local condition, object, waits = new(), {}, 0
    local t = support.start(function()
      condition:acquire()
      local ok, err = pcall(condition.wait_for, condition, function()
        waits = waits + 1
        if waits == 2 then
          error(object)
        end
      end)
      assert(not ok and err == object)
      condition:release() -- raises unless it is held
      waits = "released"
    end)
    support.wait_thread_parked(t, "Condition")
    condition:with(condition.notify, condition)
    support.join(t)
    assert.equal("released", waits)
  end)

  it("wait_for needs no lock where the predicate is true already",
    function()
      assert.equal(7, new():wait_for(function()
        return 7
      end))
    end)

  it("wait without holding it raises", function()
    local condition = new()
    local expected = "^cannot wait on un%-acquired lock; take"
    assert.matches(expected, support.message(condition.wait, condition))
    assert.matches(expected, support.message(condition.wait, condition, 0))
    assert.matches(expected, support.message(condition.wait_for, condition,
      function() end))
    assert.matches(", 0%)>$", tostring(condition)) -- no trace
    assert.is_true(condition:acquire(false))
  end)

  it("a waiter is no longer counted once it is notified", function()
    local condition = new()
    assert.matches("^<threading%.Condition%(.+, 0%)>$", tostring(condition))
    local list = support.start_many(3, function()
      local _ <close> = condition:guard()
      condition:wait()
    end)
    support.wait_parked(3, "Condition")
    assert.matches(", 3%)>$", tostring(condition))
    condition:acquire()
    condition:notify(2)
    assert.matches(", 1%)>$", tostring(condition))
    condition:notify_all()
    assert.matches(", 0%)>$", tostring(condition))
    condition:release()
    support.join(list)
  end)

  it("a waiter that is interrupted holds the lock, and is gone", function()
    local condition = new()
    local t = support.start(function()
      support.wait_thread_parked(threading.main_thread(), "Condition")
      condition:acquire() -- now main can only get it back after our release
      threading.interrupt_main()
      support.wait_thread_parked(threading.main_thread(), what)
      assert(tostring(condition):find(", 0)>", 1, true))
      condition:release()
    end)
    condition:acquire()
    assert.equal("interrupted!", support.message(condition.wait, condition))
    condition:release() -- raises unless it is held
    support.join(t)
  end)
end

describe("Condition over its own RLock", function()
  conditions(threading.Condition, "RLock")

  it("wait frees a lock of any depth, and restores the depth", function()
    local lock = threading.RLock()
    local condition = threading.Condition(lock)
    local before, after
    local t = support.start(function()
      for _ = 1, 3 do
        condition:acquire()
      end
      before = tostring(lock):match "count=(%d+)"
      condition:wait()
      after = tostring(lock):match "count=(%d+)"
      for _ = 1, 3 do
        condition:release()
      end
    end)
    support.wait_thread_parked(t, "Condition")
    assert.is_true(lock:acquire(false))
    lock:acquire()
    condition:notify()
    lock:release()
    support.wait_thread_parked(t, "RLock")
    lock:release()
    support.join(t)
    assert.same({ "3", "3" }, { before, after })
    assert.is_false(lock:locked())
  end)

  it("a timeout restores the depth too", function()
    local condition = threading.Condition()
    condition:acquire()
    condition:acquire()
    assert.is_false(condition:wait(0.001))
    condition:release()
    condition:release()
    assert.is_false(pcall(condition.release, condition))
  end)
end)

describe("Condition over a Lock", function()
  conditions(over_lock, "Lock")
end)

describe("Condition over an object", function()
  conditions(over_object, "Lock")

  it("an error of its release leaves no waiter behind", function()
    local object = {}
    local condition = threading.Condition {
      acquire = function() end,
      release = function()
        error(object)
      end,
    }
    local ok, err = pcall(condition.wait, condition)
    assert.is_false(ok)
    assert.equal(object, err)
    assert.matches(", 0%)>$", tostring(condition))
  end)

  it("an error of its acquire after the wait goes on", function()
    local object, waited = {}, false
    local condition = threading.Condition {
      acquire = function()
        return waited and error(object)
      end,
      release = function()
        waited = true
      end,
    }
    local ok, err = pcall(condition.wait, condition, 0)
    assert.is_false(ok)
    assert.equal(object, err)
    assert.matches(", 0%)>$", tostring(condition))
  end)
end)

-- Each of the three, by who does not hold the lock.
local function assert_refused(condition)
  assert.matches("^cannot wait on un%-acquired lock; take it first",
    support.message(condition.wait, condition, 0))
  for _, notify in ipairs { condition.notify, condition.notify_all } do
    assert.matches("^cannot notify on un%-acquired lock; take it first",
      support.message(notify, condition))
  end
end

describe("Condition over a lock that does not tell its owner", function()
  it("takes for owned what cannot be taken: a Semaphore", function()
    for _, new in ipairs { threading.Semaphore, threading.BoundedSemaphore } do
      local semaphore = new(1)
      local condition = threading.Condition(semaphore)
      assert_refused(condition)
      assert.is_true(condition:acquire(false)) -- it was given back
      condition:notify()
      condition:notify_all()
      assert.is_false(condition:wait(0))
      assert.is_false(condition:acquire(false))
      condition:release()
      assert_refused(condition)
    end
  end)

  it("asks its method _is_owned, where it has one", function()
    local lock, calls = threading.RLock(), {}
    local owned = false
    local object = {
      acquire = function(_, ...)
        calls[#calls + 1] = "acquire"
        return lock:acquire(...)
      end,
      release = function() lock:release() end,
    }
    function object._is_owned(...)
      assert.same({ object }, { ... })
      return owned
    end
    local condition = threading.Condition(object)
    condition:acquire()
    assert_refused(condition)
    owned = true
    condition:notify()
    condition:notify_all()
    assert.same({ "acquire" }, calls)
    assert.is_false(condition:wait(0))
    assert.same({ "acquire", "acquire" }, calls)
    condition:release()
  end)

  it("raises what that raises, and asks none that raises for it", function()
    local object = {}
    local function fail()
      error(object)
    end
    local condition = threading.Condition {
      acquire = fail, release = fail, _is_owned = fail,
    }
    for _, method in ipairs { "wait", "notify", "notify_all" } do
      local ok, err = pcall(condition[method], condition)
      assert.is_false(ok)
      assert.equal(object, err)
    end
    local strict = setmetatable({
      acquire = function() return false end, release = fail,
    }, { __index = fail })
    threading.Condition(strict):notify()
  end)

  it("over another Condition has that one's lock", function()
    for _, first in ipairs { threading.Condition(), over_lock(), over_object() }
      do
      local second = threading.Condition(first)
      assert_refused(second)
      first:acquire()
      assert.is_false(second:wait(0))
      second:notify()
      second:release()
      assert_refused(first)
      local t = support.start(function()
        second:acquire()
        second:wait()
        second:release()
      end)
      support.wait_thread_parked(t, "Condition")
      first:acquire()
      first:notify_all() -- another row
      second:notify()
      first:release()
      support.join(t)
    end
  end)
end)

describe("Condition", function()
  it("is waited for and notified by the owner of its lock alone", function()
    for _, new in ipairs { threading.Condition, over_lock } do
      local condition = new()
      assert_refused(condition)
      condition:acquire() -- by the main thread: strangers stay strangers
      support.in_thread(assert_refused, condition)
      condition:release()
      assert_refused(condition)
    end
  end)

  it("keeps its lock alive", function()
    local lock = threading.Lock()
    local condition = threading.Condition(lock)
    local weak = setmetatable({ lock }, { __mode = "v" })
    lock = nil
    collectgarbage()
    collectgarbage()
    assert.is_truthy(weak[1])
    assert.is_true(condition:acquire())
    assert.is_nil(lock)
  end)

  it("hands a thousand items from many to many, none lost or doubled",
    function()
      local condition, store, got = threading.Condition(), {}, {}
      local MAKERS <const>, EACH <const>, TAKERS <const> = 4, 250, 4
      local left = MAKERS * EACH
      local list = support.start_many(TAKERS, function()
        while true do
          local _ <close> = condition:guard()
          while #store == 0 and left > 0 do
            condition:wait()
          end
          if left == 0 then
            return
          end
          got[#got + 1] = table.remove(store)
          left = left - 1
          if left == 0 then
            condition:notify_all()
          end
        end
      end)
      for _, t in ipairs(support.start_many(MAKERS, function(i)
        for n = 1, EACH do
          local _ <close> = condition:guard()
          store[#store + 1] = i * 1000 + n
          condition:notify()
        end
      end)) do
        list[#list + 1] = t
      end
      support.join(list)
      local seen = {}
      for _, item in ipairs(got) do
        assert.is_nil(seen[item])
        seen[item] = true
      end
      assert.equal(MAKERS * EACH, #got)
      assert.same({}, _thread._parked())
    end)
end)
