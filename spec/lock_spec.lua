local contracts = require "spec.support.contracts"
local loops = require "threading.loops"
local support = require "spec.support"
local threading = require "threading"
local time = require "threading.time"

describe("Lock", function()
  contracts.mutual_exclusion(it, threading.Lock)
  contracts.waitable(it, threading.Lock, "Lock")
  contracts.guardable(it, threading.Lock)

  it("locked tells, from any thread, and never waits", function()
    local lock = threading.Lock()
    assert.is_false(lock:locked())
    lock:acquire()
    assert.is_true(lock:locked())
    assert.is_true(support.in_thread(lock.locked, lock))
    lock:release()
    assert.is_false(lock:locked())
    assert.is_false(support.in_thread(lock.locked, lock))
  end)

  it("does not let its owner in again", function()
    local lock, again = threading.Lock(), false
    local t = support.start(function()
      lock:acquire()
      lock:acquire()
      again = true
      lock:release()
    end)
    support.wait_thread_parked(t, "Lock")
    assert.is_false(again)
    lock:release() -- any thread may
    support.join(t)
    assert.is_true(again)
    assert.is_false(lock:locked())
  end)

  it("a try by the owner fails", function()
    local lock = threading.Lock()
    lock:acquire()
    assert.is_false(lock:acquire(false))
    assert.is_false(lock:acquire(true, 0.001))
  end)

  it("may be released by any thread", function()
    local lock = threading.Lock()
    lock:acquire()
    support.in_thread(lock.release, lock)
    assert.is_false(lock:locked())
  end)

  it("stays locked when its owner has ended", function()
    local lock = threading.Lock()
    support.in_thread(lock.acquire, lock)
    assert.is_true(lock:locked())
    assert.is_false(lock:acquire(false))
    lock:release()
    assert.is_true(lock:acquire(false))
  end)

  it("cannot be released when free", function()
    local lock = threading.Lock()
    local message = "release unlocked lock"
    assert.equal(message, support.message(lock.release, lock))
    lock:acquire()
    lock:release()
    assert.equal(message, support.message(lock.release, lock))
    assert.is_true(lock:acquire(false))
  end)

  it("is handed back and forth between two threads", function()
    local ping, pong, list = threading.Lock(), threading.Lock(), {}
    ping:acquire()
    pong:acquire()
    local t = support.start(function()
      for i = 1, 500 do
        ping:acquire()
        list[#list + 1] = -i
        pong:release()
      end
    end)
    for i = 1, 500 do
      list[#list + 1] = i
      ping:release()
      pong:acquire()
    end
    support.join(t)
    for i = 1, 500 do
      assert.equal(i, list[2 * i - 1])
      assert.equal(-i, list[2 * i])
    end
  end)

  it("a barrier of bare locks passes repeated trips", function()
    local N, TRIPS = 6, 10
    local check_in, check_out = threading.Lock(), threading.Lock()
    local waiting, trips, ahead = 0, {}, 0
    check_out:acquire()

    local function enter()
      check_in:acquire()
      waiting = waiting + 1
      if waiting < N then
        check_in:release()
      else
        check_out:release()
      end
      check_out:acquire()
      waiting = waiting - 1
      if waiting == 0 then
        check_in:release()
      else
        check_out:release()
      end
    end

    support.join(support.start_many(N, function(i)
      for trip = 1, TRIPS do
        trips[i] = trip
        enter()
        for j = 1, N do
          if trips[j] < trip then
            ahead = ahead + 1
          end
        end
      end
    end))
    assert.equal(0, ahead)
    assert.equal(0, waiting)
  end)

  it("tostring says its state and its owner", function()
    local lock = threading.Lock()
    local free = "^<unlocked threading%.Lock at 0x%x+>$"
    assert.matches(free, tostring(lock))
    lock:acquire()
    assert.matches("^<locked threading%.Lock owner=MainThread at 0x%x+>$",
      tostring(lock))
    lock:release()
    local let_go = false
    local t = threading.Thread {
      name = "Holder",
      target = function()
        lock:acquire()
        support.wait_until(function()
          return let_go
        end)
      end,
    }
    t:start()
    support.wait_until(function()
      return lock:locked()
    end)
    local text = tostring(lock)
    let_go = true
    support.join(t)
    assert.matches("^<locked threading%.Lock owner=Holder at 0x%x+>$", text)
    assert.matches("^<locked threading%.Lock owner=%d+ at 0x%x+>$",
      tostring(lock)) -- an owner that has ended
    lock:release()
    assert.matches(free, tostring(lock))
  end)

  it("C loops and Lua threads exclude each other on the same one", function()
    local lock, value = threading.Lock(), threading.Value("int64", 0)
    local N, seen = 3000, 0
    local list = support.start_many(2, function(n)
      return loops.change(value, n, 20000, lock)
    end)
    for _, t in ipairs(support.start_many(2, function(n)
      for _ = 1, N do
        local _ <close> = lock:guard()
        if value.value ~= 0 then
          seen = seen + 1 -- in the middle of a change
        end
        value.value = value.value + 10 * n
        value.value = value.value - 10 * n
      end
    end)) do
      list[#list + 1] = t
    end
    support.join(list)
    assert.equal(0, seen)
    assert.equal(0, value.value)
    assert.is_false(lock:locked())
  end)

  it("a C loop waits for the lock that Lua holds", function()
    local lock, value, made = threading.Lock(), threading.Value("int64", 0)
    lock:acquire()
    local t = support.start(function()
      made = loops.change(value, 1, 10, lock)
    end)
    support.wait_thread_parked(t, "Lock")
    assert.is_nil(made)
    lock:release()
    support.join(t)
    assert.equal(10, made)
    assert.is_false(lock:locked())
  end)

  it("survives the object: a waiter keeps it", function()
    local lock = threading.Lock()
    lock:acquire()
    local passed = threading.Lock()
    local t = support.start(function(own)
      own:acquire()
      passed:acquire()
    end, lock)
    support.wait_thread_parked(t, "Lock")
    local weak = setmetatable({ lock }, { __mode = "v" })
    lock = nil
    collectgarbage()
    collectgarbage()
    weak[1]:release()
    support.join(t)
    assert.is_true(passed:locked())
    assert.is_nil(lock)
  end)

  -- The older of two is finalised last.
  it("is refused when it has been finalised, though it was known", function()
    local message
    do
      local older = setmetatable({}, { __gc = function(self)
        message = support.message(self.lock.acquire, self.lock)
      end })
      older.lock = threading.Lock()
      older.lock:acquire()
      older.lock:release()
    end
    collectgarbage()
    collectgarbage()
    assert.matches("this threading.Lock is finalised already", message, 1,
      true)
  end)

  it("many locks, many threads, one thread never left out", function()
    local locks, turns = {}, {}
    for i = 1, 5 do
      locks[i] = threading.Lock()
    end
    support.join(support.start_many(5, function(i)
      turns[i] = 0
      for n = 1, 50 do
        local first, second = i, (i + n) % 5 + 1
        if first ~= second then
          if second < first then
            first, second = second, first
          end
          locks[first]:acquire()
          time.sleep(0)
          locks[second]:acquire()
          locks[second]:release()
          locks[first]:release()
        end
        turns[i] = turns[i] + 1
      end
    end))
    assert.same({ 50, 50, 50, 50, 50 }, turns)
    for _, lock in ipairs(locks) do
      assert.is_false(lock:locked())
    end
  end)
end)
