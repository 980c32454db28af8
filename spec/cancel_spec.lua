-- Thread:cancel: when it is met, and what it says.

local cancelling = require "spec.support.cancelling"
local loops = require "threading.loops"
local support = require "spec.support"
local threading = require "threading"
local time = require "threading.time"

local start, assert_cancelled, held =
  cancelling.start, cancelling.assert_cancelled, cancelling.held

describe("cancel", function()
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
