local _thread = require "threading._thread"
local loops = require "threading.loops"
local support = require "spec.support"
local threading = require "threading"
local time = require "threading.time"

-- Starts a thread that calls fn under pcall. Returns it, and a table in which
-- `ok` and `value` will stand.
local function start(fn, ...)
  local result = {}
  local t = support.start(function(...)
    result.ok, result.value = pcall(fn, ...)
  end, ...)
  return t, result
end

local function assert_cancelled(result, message)
  assert.is_false(result.ok)
  assert.is_true(threading.is_cancelled(result.value),
    tostring(result.value))
  assert.equal(message, result.value.message)
end

-- A lock that is held by a thread until over is set; for calls that wait.
local function held(new)
  local lock, taken, over = new(), threading.Event(), threading.Event()
  local t = support.start(function()
    local _ <close> = lock:guard()
    taken:set()
    over:wait()
  end)
  taken:wait(support.PATIENCE)
  return lock, function()
    over:set()
    support.join(t)
  end
end

local function acquire(lock)
  lock:acquire()
end

-- Every blocking call. `make` returns an object and, where something must be
-- ended afterwards, a function; `call` waits for it; `what` as in _parked.
local waits = {
  ["Lock:acquire"] = { "Lock", function()
    return held(threading.Lock)
  end, acquire },
  ["Lock:acquire with a timeout"] = { "Lock", function()
    return held(threading.Lock)
  end, function(lock)
    lock:acquire(true, support.PATIENCE)
  end },
  ["Lock:guard"] = { "Lock", function()
    return held(threading.Lock)
  end, function(lock)
    local _ <close> = lock:guard()
  end },
  ["Lock:with"] = { "Lock", function()
    return held(threading.Lock)
  end, function(lock)
    lock:with(error, "not to be called")
  end },
  ["RLock:acquire"] = { "RLock", function()
    return held(threading.RLock)
  end, acquire },
  ["Condition:acquire"] = { "RLock", function()
    return held(threading.Condition)
  end, acquire },
  ["Semaphore:acquire"] = { "Semaphore", function()
    return held(threading.Semaphore)
  end, acquire },
  ["Semaphore:guard"] = { "Semaphore", function()
    return held(threading.BoundedSemaphore)
  end, function(semaphore)
    local _ <close> = semaphore:guard()
  end },
  ["Event:wait"] = { "Event", threading.Event, function(event)
    event:wait()
  end },
  ["Event:wait with a timeout"] = { "Event", threading.Event, function(event)
    event:wait(support.PATIENCE)
  end },
  ["Condition:wait"] = { "Condition", threading.Condition, function(condition)
    local _ <close> = condition:guard()
    condition:wait()
  end },
  ["Condition:wait with a timeout"] = { "Condition", function()
    return threading.Condition(threading.Lock())
  end, function(condition)
    local _ <close> = condition:guard()
    condition:wait(support.PATIENCE)
  end },
  ["Condition:wait_for"] = { "Condition", threading.Condition,
    function(condition)
      condition:with(condition.wait_for, condition, function() end)
    end },
  ["Barrier:wait"] = { "Barrier", function()
    return threading.Barrier(2)
  end, function(barrier)
    barrier:wait()
  end },
  ["Thread:join"] = { "thread", function()
    local over = threading.Event()
    local t = support.start(over.wait, over)
    return t, function()
      over:set()
      support.join(t)
    end
  end, function(t)
    t:join()
  end },
  ["time.sleep"] = { "sleep", function() end, function()
    time.sleep(support.PATIENCE)
  end },
  ["a wait in a coroutine"] = { "Event", threading.Event, function(event)
    coroutine.wrap(function()
      coroutine.wrap(function()
        event:wait()
      end)()
    end)()
  end },
}

describe("cancel", function()
  for name, wait in pairs(waits) do
    local what, make, call = table.unpack(wait)

    for _, how in ipairs { "deferred", "asynchronous" } do
      it("ends " .. name .. ", " .. how, function()
        local object, tidy_up = make()
        local closed, t, result = false, nil, nil
        local calls = support.excepthook_calls(function()
          t, result = start(function()
            local _ <close> = setmetatable({}, {
              __close = function(_, err)
                closed = threading.is_cancelled(err)
              end,
            })
            call(object)
          end)
          support.wait_thread_parked(t, what)
          assert.is_true(t:cancel {
            message = "enough", asynchronous = how == "asynchronous",
          })
          support.join(t)
        end)
        if tidy_up then
          tidy_up()
        end
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

  it("while a thread is not in a wait, it meets it at the next one",
    function()
      local computing, go_on, turns = false, false, 0
      local t, result = start(function()
        computing = true
        while not go_on do
          turns = turns + 1
        end
        threading.Event():wait()
      end)
      support.wait_until(function()
        return computing
      end)
      t:cancel "later"
      local before = turns
      support.wait_until(function()
        return turns > before + 10000
      end)
      assert.is_nil(result.ok)
      go_on = true
      support.join(t)
      assert_cancelled(result, "later")
    end)

  it("checkpoint is a point for it, and else does nothing", function()
    assert.equal(0, select("#", threading.checkpoint()))
    local go_on, turns = false, 0
    local t, result = start(function()
      while not go_on do
        turns = turns + 1
      end
      while true do
        threading.checkpoint()
      end
    end)
    support.wait_until(function()
      return turns > 0
    end)
    t:cancel()
    local before = turns
    support.wait_until(function()
      return turns > before + 10000
    end)
    assert.is_nil(result.ok)
    go_on = true
    support.join(t)
    assert_cancelled(result)
  end)

  it("a call that need not wait is no point for it", function()
    local t, result = start(function()
      local own = threading.current_thread()
      own:cancel()
      local lock, event = threading.RLock(), threading.Event()
      local condition, semaphore = threading.Condition(), threading.Semaphore()
      event:set()
      local _ <close> = lock:guard()
      lock:with(function() end)
      assert(lock:acquire(false) and event:wait() and semaphore:acquire())
      local _ <close> = condition:guard()
      condition:notify_all()
      lock:release()
      threading.Barrier(1):wait()
      return "through"
    end)
    support.join(t)
    assert.is_true(result.ok)
    assert.equal("through", result.value)
  end)

  it("asynchronous, it reaches a thread that only computes", function()
    for _, compute in ipairs {
      function()
        while true do
        end
      end,
      function()
        local function f()
          return f()
        end
        f()
      end,
      coroutine.wrap(function()
        while true do
        end
      end),
      function()
        while true do
          coroutine.wrap(function() end)()
        end
      end,
      function()
        string.gsub(("x"):rep(1000), "x", function()
          while true do
          end
        end)
      end,
    } do
      local computing = false
      local t, result = start(function()
        computing = true
        compute()
      end)
      support.wait_until(function()
        return computing
      end)
      t:cancel { asynchronous = true, message = 7 }
      support.join(t)
      assert_cancelled(result, 7)
    end
  end)

  it("asynchronous, it reaches a thread that computes all alone", function()
    local computing = false
    local t, result = start(function()
      computing = true
      while true do
      end
    end)
    support.wait_until(function()
      return computing
    end)
    t:cancel { asynchronous = true }
    support.join(t) -- waits: nobody asks for the global lock
    assert_cancelled(result)
  end)

  it("ends C loops, which look at the stop flag", function()
    for _, asynchronous in ipairs { false, true } do
      local looping, turns, made
      local t, result = start(function()
        looping = true
        turns = loops.spin()
        threading.checkpoint()
      end)
      local lock, let_go = held(threading.Lock)
      local waiting, waiting_result = start(function()
        made = loops.change(threading.Value "int64", 1, 10, lock)
        threading.checkpoint()
      end)
      support.wait_thread_parked(waiting, "Lock")
      support.wait_until(function()
        return looping
      end)
      for _, it in ipairs { t, waiting } do
        it:cancel { asynchronous = asynchronous }
        support.join(it)
      end
      let_go()
      assert_cancelled(result)
      assert_cancelled(waiting_result)
      if not asynchronous then
        assert.equal("integer", math.type(turns))
        assert.equal(0, made)
      end
    end
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

  it("is over once it is met: the thread may go on", function()
    local event, passed = threading.Event(), false
    local t, result = start(function()
      local ok, err = pcall(threading.Event().wait, threading.Event())
      assert(not ok and threading.is_cancelled(err))
      threading.checkpoint()
      passed = event:wait()
      return "went on"
    end)
    support.wait_thread_parked(t, "Event")
    t:cancel()
    event:set()
    support.join(t)
    assert.is_true(passed)
    assert.equal("went on", result.value)
  end)

  it("twice before it is met is once, with the last message", function()
    local go_on, turns = false, 0
    local t, result = start(function()
      while not go_on do
        turns = turns + 1
      end
      local _, err = pcall(threading.checkpoint)
      threading.checkpoint()
      return err
    end)
    support.wait_until(function()
      return turns > 0
    end)
    t:cancel "first"
    t:cancel { message = "second" }
    go_on = true
    support.join(t)
    assert.is_true(result.ok)
    assert.equal("second", result.value.message)
  end)

  it("again after it was met is met again", function()
    local messages = {}
    local t = support.start(function()
      for i = 1, 3 do
        local _, err = pcall(threading.Event().wait, threading.Event())
        messages[i] = err.message
      end
    end)
    for i = 1, 3 do
      support.wait_thread_parked(t, "Event")
      t:cancel(i)
      support.wait_until(function()
        return messages[i]
      end)
    end
    support.join(t)
    assert.same({ 1, 2, 3 }, messages)
  end)

  it("of the calling thread waits for the next point", function()
    local t, result = start(function()
      assert(threading.current_thread():cancel "own")
      local passed = true
      local _, err = pcall(threading.checkpoint)
      return { passed, err }
    end)
    support.join(t)
    assert.is_true(result.value[1])
    assert.equal("own", result.value[2].message)
    t, result = start(function()
      threading.current_thread():cancel()
      time.sleep(0)
      return "not reached"
    end)
    support.join(t)
    assert_cancelled(result)
  end)

  it("of the calling thread, asynchronous, comes at once", function()
    local passed = false
    local t, result = start(function()
      threading.current_thread():cancel {
        asynchronous = true, message = "own",
      }
      passed = true
    end)
    support.join(t)
    assert.is_false(passed)
    assert_cancelled(result, "own")
  end)

  it("of a thread that is not started keeps it from running", function()
    for _, how in ipairs { "deferred", "asynchronous" } do
      local ran = false
      local calls = support.excepthook_calls(function()
        local t = threading.Thread {
          target = function()
            ran = true
          end,
        }
        assert.is_true(t:cancel { asynchronous = how == "asynchronous" })
        assert.is_false(t:is_alive())
        t:start()
        support.join(t)
        assert.is_false(t:cancel())
      end)
      assert.is_false(ran)
      assert.same({}, calls)
    end
  end)

  it("of a thread that has ended does nothing, and says so", function()
    local t = support.start(function() end)
    support.join(t)
    assert.is_false(t:cancel())
    assert.is_false(t:cancel { asynchronous = true })
    assert.matches("stopped", tostring(t), 1, true)
  end)

  it("carries any message", function()
    local object = setmetatable({}, {
      __tostring = function()
        return "an object"
      end,
    })
    for _, case in ipairs {
      { nil, nil, "cancelled" },
      { "why", "why", "cancelled: why" },
      { 7, 7, "cancelled: 7" },
      { false, false, "cancelled: false" },
      { object, object, "cancelled: an object" },
      { { message = object }, object, "cancelled: an object" },
      { {}, nil, "cancelled" },
      { { message = false }, false, "cancelled: false" },
    } do
      local t, result = start(function()
        threading.Event():wait()
      end)
      support.wait_thread_parked(t, "Event")
      t:cancel(case[1])
      support.join(t)
      assert_cancelled(result, case[2])
      assert.equal(case[3], tostring(result.value))
    end
  end)

  it("refuses keywords that it does not know", function()
    local t = threading.Thread {}
    assert.matches("unexpected keyword argument 'x'",
      support.message(t.cancel, t, { x = 1 }), 1, true)
    assert.matches("bad argument 'asynchronous'",
      support.message(t.cancel, t, { asynchronous = 1 }), 1, true)
    assert.is_false(pcall(t.cancel, {}))
    assert.is_false(pcall(t.cancel))
  end)

  it("is told from other errors", function()
    for _, other in ipairs {
      false, 1, "cancelled", {}, setmetatable({}, {}), print,
      select(2, pcall(error)), select(2, pcall(threading.exit)),
    } do
      assert.is_false(threading.is_cancelled(other))
    end
    assert.is_false(threading.is_cancelled(nil))
    assert.is_false(threading.is_cancelled())
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

  it("prints nothing, in high and low level threads", function()
    assert.equal("cancelled\nend\n", support.output_of [[
      local threading = require "threading"
      local _thread = require "threading._thread"
      local time = require "threading.time"
      local function wait() threading.Event():wait(1000) end
      local t = threading.Thread { target = wait }
      t:start()
      local low
      _thread.start_new_thread(function()
        low = threading.current_thread()
        local _ <close> = setmetatable({}, {
          __close = function() print "cancelled" low = nil end,
        })
        wait()
      end)
      while not low or not _thread._parked()[low.ident] do time.sleep(0) end
      low:cancel()
      t:cancel()
      t:join()
      while low do time.sleep(0) end
      print "end"
    ]])
  end)

  it("of the main thread ends the script, unless it is caught", function()
    local program = [[
      local threading = require "threading"
      local _thread = require "threading._thread"
      local time = require "threading.time"
      local main = threading.main_thread()
      threading.Thread { daemon = true, target = function()
        while not _thread._parked()[main.ident] do time.sleep(0) end
        main:cancel "enough"
      end }:start()
    ]]
    local r = support.run(program .. [[
      local _, err = pcall(time.sleep, 1000)
      print(threading.is_cancelled(err), err)
    ]])
    assert.equal("true\tcancelled: enough\n", r.out)
    assert.same({ "", 0 }, { r.err, r.code })
    r = support.run(program .. "time.sleep(1000)")
    assert.matches("cancelled: enough", r.err, 1, true)
    assert.equal(1, r.code)
  end)

  it("left over at the end of the program, it does not hurry that", function()
    assert.equal("closed\n", support.output_of [[
      local threading = require "threading"
      local computing
      threading.Thread { daemon = true, target = function()
        local _ <close> = setmetatable({}, {
          __close = function() print "closed" end,
        })
        computing = true
        while true do end
      end }:start()
      while not computing do end
      threading.main_thread():cancel()
    ]])
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

describe("shield", function()
  it("passes arguments and results", function()
    local r = table.pack(threading.shield(function(...)
      return select("#", ...), ...
    end, nil, "x", nil))
    assert.same({ 3, nil, "x", nil, n = 4 }, r)
    assert.equal(0, select("#", threading.shield(function() end)))
  end)

  it("holds a cancellation off until after it", function()
    for _, asynchronous in ipairs { false, true } do
      local event, woken = threading.Event(), nil
      local t, result = start(function()
        woken = threading.shield(function()
          local set = event:wait()
          threading.checkpoint()
          time.sleep(0)
          return set
        end)
        threading.checkpoint()
      end)
      support.wait_thread_parked(t, "Event")
      t:cancel { asynchronous = asynchronous, message = "late" }
      assert.equal("Event", _thread._parked()[t.ident])
      event:set()
      support.join(t)
      if not asynchronous then
        assert.is_true(woken)
      end
      assert_cancelled(result, "late")
    end
  end)

  it("an asynchronous one that was held off comes by itself", function()
    local event, last = threading.Event(), false
    local t, result = start(function()
      threading.shield(function()
        event:wait()
        for _ = 1, 1000 do
          last = true -- nothing comes between here
        end
      end)
      while true do
      end
    end)
    support.wait_thread_parked(t, "Event")
    t:cancel { asynchronous = true }
    event:set()
    support.join(t)
    assert.is_true(last)
    assert_cancelled(result)
  end)

  it("nests", function()
    local event, steps = threading.Event(), {}
    local t, result = start(function()
      threading.shield(function()
        threading.shield(function()
          event:wait()
          steps[#steps + 1] = "inner"
        end)
        threading.checkpoint()
        steps[#steps + 1] = "outer"
      end)
      threading.checkpoint()
      steps[#steps + 1] = "not reached"
    end)
    support.wait_thread_parked(t, "Event")
    t:cancel()
    event:set()
    support.join(t)
    assert.same({ "inner", "outer" }, steps)
    assert_cancelled(result)
  end)

  it("ends with an error, which it passes on", function()
    local event, object, caught = threading.Event(), {}, nil
    local t, result = start(function()
      local _
      _, caught = pcall(threading.shield, function()
        event:wait()
        error(object)
      end)
      threading.checkpoint()
    end)
    support.wait_thread_parked(t, "Event")
    t:cancel()
    event:set()
    support.join(t)
    assert.equal(object, caught)
    assert_cancelled(result)
  end)

  it("does not hold off what was met before, or other threads", function()
    local t, result = start(function()
      threading.shield(function()
        local other, other_result = start(function()
          threading.Event():wait()
        end)
        support.wait_thread_parked(other, "Event")
        other:cancel "other"
        support.join(other)
        assert(other_result.value.message == "other")
      end)
      return "done"
    end)
    support.join(t)
    assert.equal("done", result.value)
  end)

  it("protects a Condition's wait and keeps its lock", function()
    local condition, ready = threading.Condition(), false
    local t, result = start(function()
      local _ <close> = condition:guard()
      threading.shield(function()
        condition:wait_for(function()
          return ready
        end)
      end)
      threading.checkpoint()
    end)
    support.wait_thread_parked(t, "Condition")
    t:cancel()
    condition:with(function()
      ready = true
      condition:notify()
    end)
    support.join(t)
    assert_cancelled(result)
    assert.is_true(condition:acquire(false))
  end)

  it("cannot be left by a yield", function()
    local co = coroutine.wrap(function()
      threading.shield(coroutine.yield)
    end)
    assert.matches("attempt to yield across a C%-call boundary",
      support.message(co))
  end)

  it("calls what is callable only", function()
    for _, bad in ipairs { 1, "x", {}, true } do
      assert.matches("fn: callable expected",
        support.message(threading.shield, bad), 1, true)
    end
    assert.matches("fn: callable expected",
      support.message(threading.shield), 1, true)
  end)

  it("interrupt_main is not held off by it", function()
    assert.equal("interrupted!", support.message(threading.shield,
      threading.interrupt_main))
  end)
end)

describe("interrupt_main", function()
  for name, wait in pairs(waits) do
    local what, make, call = table.unpack(wait)

    it("ends " .. name .. " of the main thread", function()
      local object, tidy_up = make()
      local t = support.start(function()
        support.wait_thread_parked(threading.main_thread(), what)
        threading.interrupt_main()
      end)
      local text = support.message(call, object)
      support.join(t)
      if tidy_up then
        tidy_up()
      end
      assert.matches("interrupted!$", text)
    end)
  end

  local computations = {
    ["Lua code"] = function()
      while true do
        -- compute
      end
    end,
    ["C loops"] = function()
      loops.spin()
      threading.checkpoint()
    end,
  }
  for name, compute in pairs(computations) do
    it("ends " .. name .. " of the main thread", function()
      local computing = false
      local t = support.start(function()
        support.wait_until(function()
          return computing
        end)
        threading.interrupt_main()
      end)
      assert.equal("interrupted!", support.message(function()
        computing = true
        compute()
      end))
      support.join(t)
    end)
  end

  it("raises at once in the main thread, once", function()
    assert.equal("interrupted!", support.message(threading.interrupt_main))
    threading.checkpoint()
    time.sleep(0)
  end)

  it("does nothing where nobody handles the signal", function()
    assert.equal("went on\n", support.output_of [[
      local threading = require "threading"
      local time = require "threading.time"
      for sig = 1, 31 do
        if sig ~= 2 then -- SIGINT
          threading.interrupt_main(sig)
        end
      end
      local t = threading.Thread { target = threading.interrupt_main,
        args = { 15 } }
      t:start()
      t:join()
      time.sleep(0)
      print "went on"
    ]])
  end)

  it("calls a handler that is installed", function()
    local r = support.run [[
      local threading = require "threading"
      threading.dump_on_signal "USR1"
      threading.interrupt_main(10) -- SIGUSR1
    ]]
    assert.matches("MainThread", r.err)
    assert.equal(0, r.code)
  end)

  it("knows the numbers of signals", function()
    for _, bad in ipairs { 0, -1, 100000 } do
      assert.matches("signum", support.message(threading.interrupt_main, bad),
        1, true)
    end
    for _, bad in ipairs { "INT", 1.5, {}, true } do
      assert.matches("signum: integer expected",
        support.message(threading.interrupt_main, bad), 1, true)
    end
  end)
end)
