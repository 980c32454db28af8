local support = require "spec.support"
local threading = require "threading"
local time = require "threading.time"

describe("Event", function()
  it("is unset when new; set and clear may be repeated", function()
    local event = threading.Event()
    assert.is_false(event:is_set())
    for _ = 1, 2 do
      assert.equal(0, select("#", event:set()))
      assert.is_true(event:is_set())
    end
    for _ = 1, 2 do
      assert.equal(0, select("#", event:clear()))
      assert.is_false(event:is_set())
    end
  end)

  it("set releases all who wait, and who comes later", function()
    local event = threading.Event()
    for _ = 1, 2 do -- again after clear
      local results = {}
      local list = support.start_many(5, function(i)
        results[i] = event:wait()
      end)
      support.wait_parked(5, "Event")
      assert.same({}, results)
      event:set()
      support.join(list)
      assert.same({ true, true, true, true, true }, results)
      assert.is_true(event:wait())
      assert.is_true(event:wait(0))
      assert.is_true(support.in_thread(event.wait, event))
      event:clear()
    end
  end)

  it("a timeout returns false, not before its time", function()
    local event = threading.Event()
    assert.is_false(event:wait(0))
    local start = time.monotonic()
    assert.is_false(event:wait(0.02))
    assert.is_true(time.monotonic() - start >= 0.02)
    event:set()
    assert.is_true(event:wait(0.0))
    assert.is_true(event:wait(support.PATIENCE))
  end)

  it("a wait with a timeout ends with set", function()
    local event, result = threading.Event()
    local t = support.start(function()
      result = event:wait(threading.TIMEOUT_MAX)
    end)
    support.wait_thread_parked(t, "Event")
    event:set()
    support.join(t)
    assert.is_true(result)
  end)

  it("a clear that follows set at once takes nobody's release back",
    function()
      local event = threading.Event()
      for round = 1, 20 do
        local results = {}
        local list = support.start_many(5, function(i)
          results[i] = event:wait(round % 2 == 0 and support.PATIENCE or nil)
        end)
        support.wait_parked(5, "Event")
        event:set()
        event:clear()
        support.join(list)
        assert.same({ true, true, true, true, true }, results)
        assert.is_false(event:is_set())
      end
    end)

  -- Main sleeps in join meanwhile, and asks nobody to let go.
  it("all whom set releases run, though the first of them computes",
    function()
      local event, last_ran = threading.Event(), false
      local list, computed = {}, {}
      for i = 1, 3 do
        list[i] = support.start(function()
          event:wait()
          if i == 3 then
            last_ran = true
          end
          computed[i] = support.spin_until(function()
            return last_ran
          end)
        end)
        support.wait_thread_parked(list[i], "Event")
      end
      event:set()
      support.join(list)
      assert.same({ true, true, true }, computed)
    end)

  it("two threads play ping-pong", function()
    local ping, pong, list = threading.Event(), threading.Event(), {}
    local t = support.start(function()
      for i = 1, 300 do
        ping:wait()
        ping:clear()
        list[#list + 1] = -i
        pong:set()
      end
    end)
    for i = 1, 300 do
      list[#list + 1] = i
      ping:set()
      pong:wait()
      pong:clear()
    end
    support.join(t)
    for i = 1, 300 do
      assert.same({ i, -i }, { list[2 * i - 1], list[2 * i] })
    end
  end)

  it("a bad timeout is an error, whether it is set or not", function()
    local event = threading.Event()
    for _ = 1, 2 do
      for _, bad in ipairs { 0 / 0, 1e100, "1", true } do
        assert.matches("timeout: ",
          support.message(event.wait, event, bad), 1, true)
      end
      event:set()
    end
  end)

  it("takes options alone", function()
    assert.equal("bad argument #1 to 'Event' (options: table expected, got "
      .. "boolean)", support.message(threading.Event, true))
  end)

  it("survives the object: a waiter keeps it", function()
    local event, results = threading.Event(), {}
    local t = support.start(function(own)
      results[1] = own:wait()
    end, event)
    support.wait_thread_parked(t, "Event")
    local weak = setmetatable({ event }, { __mode = "v" })
    event = nil
    collectgarbage()
    collectgarbage()
    weak[1]:set()
    support.join(t)
    assert.same({ true }, results)
    assert.is_nil(event)
  end)

  it("tostring says its state", function()
    local event = threading.Event()
    assert.matches("^<threading%.Event at 0x%x+: unset>$", tostring(event))
    event:set()
    assert.matches("^<threading%.Event at 0x%x+: set>$", tostring(event))
  end)
end)
