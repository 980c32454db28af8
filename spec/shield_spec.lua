local _thread = require "threading._thread"
local cancelling = require "spec.support.cancelling"
local support = require "spec.support"
local threading = require "threading"
local time = require "threading.time"

local start, assert_cancelled = cancelling.start, cancelling.assert_cancelled

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
