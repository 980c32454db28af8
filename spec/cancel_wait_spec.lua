-- Thread:cancel of a thread that waits, and what is left of the wait.

local cancelling = require "spec.support.cancelling"
local support = require "spec.support"
local threading = require "threading"
local time = require "threading.time"
local waits = require "spec.support.waits"

local start, assert_cancelled, held =
  cancelling.start, cancelling.assert_cancelled, cancelling.held

local function acquire(lock)
  lock:acquire()
end

describe("cancel", function()
  for name, wait in waits.each() do
    for _, how in ipairs { "deferred", "asynchronous" } do
      it("ends " .. name .. ", " .. how, function()
        local object, more, tidy_up = waits.make_elsewhere(wait)
        local closed, t, result = false, nil, nil
        local calls = support.excepthook_calls(function()
          t, result = start(function()
            local _ <close> = setmetatable({}, {
              __close = function(_, err)
                closed = threading.is_cancelled(err)
              end,
            })
            wait.call(object, nil, more)
          end)
          support.wait_thread_parked(t, wait.what)
          assert.is_true(t:cancel {
            message = "enough", asynchronous = how == "asynchronous",
          })
          support.join(t)
        end)
        tidy_up()
        assert_cancelled(result, "enough")
        assert.is_true(closed)
        assert.same({}, calls)
      end)
    end
  end

  it("leaves no trace in what was waited for", function()
    for _, new in ipairs {
      threading.Lock, threading.RLock, threading.Condition,
      threading.Semaphore, threading.BoundedSemaphore,
    } do
      local lock, let_go = held(new)
      for _ = 1, 3 do
        local t, result = start(acquire, lock)
        support.wait_thread_parked(t)
        t:cancel()
        support.join(t)
        assert_cancelled(result)
      end
      let_go()
      assert.is_true(lock:acquire(false))
      lock:release()
    end
    local condition = threading.Condition()
    local t = support.start(function()
      local _ <close> = condition:guard()
      condition:wait()
    end)
    support.wait_thread_parked(t, "Condition")
    t:cancel()
    support.join(t)
    assert.matches(", 0%)>$", tostring(condition))
    assert.is_true(support.in_thread(condition.acquire, condition, false))
  end)

  it("breaks the barrier at which it waits", function()
    local barrier = threading.Barrier(3)
    local t, result = start(barrier.wait, barrier)
    local other, other_result = start(barrier.wait, barrier)
    support.wait_thread_parked(t, "Barrier")
    support.wait_thread_parked(other, "Barrier")
    t:cancel()
    support.join { t, other }
    assert_cancelled(result)
    assert.matches("broken barrier$", other_result.value)
    assert.is_true(barrier.broken)
    assert.equal(0, barrier.n_waiting)
  end)

  it("runs <close> variables, the last first, in pcalls too", function()
    local order = {}
    local function closing(name)
      return setmetatable({}, {
        __close = function(_, err)
          order[#order + 1] = name
          assert(threading.is_cancelled(err))
          time.sleep(0) -- was met already: does not come again
        end,
      })
    end
    local after = false
    local t = support.start(function()
      local _ <close> = closing "outer"
      local ok, err = pcall(function()
        local _ <close> = closing "middle"
        local _ <close> = closing "inner"
        threading.Event():wait()
      end)
      assert(not ok)
      after = true
      error(err, 0)
    end)
    support.wait_thread_parked(t, "Event")
    t:cancel()
    support.join(t)
    assert.same({ "inner", "middle", "outer" }, order)
    assert.is_true(after)
  end)

  it("releases the locks taken with guard and with", function()
    for _, asynchronous in ipairs { false, true } do
      local locks = {
        threading.Lock(), threading.RLock(), threading.Condition(),
        threading.Semaphore(), threading.BoundedSemaphore(),
      }
      local t, result = start(function()
        local _ <close> = locks[1]:guard()
        local _ <close> = locks[2]:guard()
        local _ <close> = locks[2]:guard()
        locks[3]:with(function()
          local _ <close> = locks[4]:guard()
          locks[5]:with(function()
            threading.Event():wait()
          end)
        end)
      end)
      support.wait_thread_parked(t, "Event")
      for _, lock in ipairs(locks) do
        assert.is_false(lock:acquire(false))
      end
      t:cancel { asynchronous = asynchronous }
      support.join(t)
      assert_cancelled(result)
      for _, lock in ipairs(locks) do
        assert.is_true(lock:acquire(false))
      end
    end
  end)

  it("loses no lock that a waiter gets in the same moment", function()
    for _, new in ipairs {
      threading.Lock, threading.RLock, threading.Condition,
      threading.Semaphore,
    } do
      for round = 1, 40 do
        local lock = new()
        lock:acquire()
        local t = support.start(function()
          local _ <close> = lock:guard()
          threading.Event():wait()
        end)
        support.wait_thread_parked(t)
        if round % 4 == 0 then
          time.sleep(0.002) -- then the lock is handed to it
        end
        lock:release()
        t:cancel { asynchronous = round % 2 == 0 }
        support.join(t)
        assert.is_true(lock:acquire(false))
      end
    end
  end)

  it("loses no lock at any other moment", function()
    local lock = threading.Lock()
    for _ = 1, 50 do
      local turns = 0
      local t = support.start(function()
        while true do
          turns = turns + 1
          local _ <close> = lock:guard()
        end
      end)
      support.wait_until(function()
        return turns > 5
      end)
      t:cancel { asynchronous = true }
      support.join(t)
      assert.is_true(lock:acquire(false))
      lock:release()
    end
  end)

  it("a Condition's waiter holds the lock when the error goes on", function()
    for _, asynchronous in ipairs { false, true } do
      for what, lock in pairs {
        Lock = threading.Lock(), RLock = threading.RLock(),
      } do
        local condition = threading.Condition(lock)
        local released = false
        local t, result = start(function()
          condition:acquire()
          local ok, err = pcall(condition.wait, condition)
          condition:release() -- raises unless it is held
          released = true
          assert(ok, err)
        end)
        support.wait_thread_parked(t, "Condition")
        condition:acquire()
        t:cancel { asynchronous = asynchronous }
        support.wait_thread_parked(t, what)
        assert.is_false(released)
        assert.matches(", 0%)>$", tostring(condition))
        condition:release()
        support.join(t)
        if not asynchronous then
          assert.is_true(released)
        end
        assert.is_false(result.ok)
      end
    end
  end)

  it("a Condition's waiter that was notified before has been notified",
    function()
      local condition, woken = threading.Condition(), nil
      local t, result = start(function()
        local _ <close> = condition:guard()
        woken = condition:wait()
        threading.checkpoint()
      end)
      support.wait_thread_parked(t, "Condition")
      condition:acquire()
      condition:notify()
      t:cancel()
      condition:release()
      support.join(t)
      assert.is_true(woken)
      assert_cancelled(result)
    end)

  it("a Condition's waiter that is cancelled takes no other's notify",
    function()
      for _ = 1, 20 do
        local condition, woken = threading.Condition(), nil
        local first = start(function()
          local _ <close> = condition:guard()
          condition:wait()
        end)
        support.wait_thread_parked(first, "Condition")
        local second = start(function()
          local _ <close> = condition:guard()
          woken = condition:wait()
        end)
        support.wait_thread_parked(second, "Condition")
        condition:acquire()
        first:cancel()
        condition:notify()
        condition:release()
        support.join { first, second }
        assert.is_true(woken)
      end
    end)

  it("a joiner that is cancelled leaves the other thread alone", function()
    local event = threading.Event()
    local t, result = start(event.wait, event)
    local joiner, joiner_result = start(t.join, t)
    support.wait_thread_parked(joiner, "thread")
    joiner:cancel()
    support.join(joiner)
    assert_cancelled(joiner_result)
    assert.is_true(t:is_alive())
    event:set()
    support.join(t)
    assert.is_true(result.ok)
  end)

  it("many threads are cancelled while they contend", function()
    local lock, condition = threading.Lock(), threading.Condition()
    local semaphore, event = threading.Semaphore(2), threading.Event()
    local list = support.start_many(20, function(i)
      while true do
        local _ <close> = lock:guard()
        local _ <close> = semaphore:guard()
        event:wait(0)
        if i % 2 == 0 then
          local _ <close> = condition:guard()
          condition:wait(0.0001)
          condition:notify()
        end
      end
    end)
    local calls = support.excepthook_calls(function()
      for i, t in ipairs(list) do
        t:cancel { asynchronous = i % 3 == 0 }
        time.sleep(0)
      end
      support.join(list)
    end)
    assert.same({}, calls)
    assert.is_true(lock:acquire(false))
    assert.matches("value=2", tostring(semaphore), 1, true)
    assert.matches(", 0%)>$", tostring(condition))
    assert.is_true(condition:acquire(false))
    condition:release()
  end)
end)

-- Lua makes a warning of what a finaliser raises.
describe("a cancellation that ends a finaliser's wait", function()
  local in_finaliser = {
    ["itself"] = function(wait)
      wait()
    end,
    ["in a coroutine"] = function(wait)
      coroutine.wrap(function()
        coroutine.wrap(wait)()
      end)()
    end,
    ["more than once"] = function(wait)
      assert(not pcall(wait))
      wait()
    end,
  }
  for name, run in pairs(in_finaliser) do
    for _, asynchronous in ipairs { false, true } do
      local how = asynchronous and "asynchronous, " or ""
      it("is met after it: " .. how .. name, function()
        local never, over = threading.Event(), false
        local function finalise()
          run(function()
            never:wait(support.PATIENCE)
          end)
          over = true
        end
        local t, result = start(function()
          setmetatable({}, { __gc = finalise })
          collectgarbage()
          for _ = 1, asynchronous and 1e8 or 0 do end
          threading.checkpoint()
        end)
        support.wait_thread_parked(t, "Event")
        t:cancel { message = "enough", asynchronous = asynchronous }
        support.join(t)
        assert_cancelled(result, "enough")
        assert.is_false(over)
      end)
    end
  end
end)
