local futures = require "threading.futures"
local support = require "spec.support"
local threading = require "threading"
local time = require "threading.time"
local waits = require "spec.support.waits"
local _thread = require "threading._thread"

-- What all waits have in common: how long they may take, and that one which
-- may take no time is a look.

-- Those that are waited for in two other ways.
local others = {
  ["Barrier, by its constructor"] = {
    make = function() return { parties = 2 } end,
    in_vain = function(options, timeout)
      options.timeout = timeout
      local barrier = threading.Barrier(options)
      assert.equal("broken barrier", support.message(barrier.wait, barrier))
    end,
  },
  ["map"] = {
    make = function()
      return threading.Event(), futures.ThreadPoolExecutor(1)
    end,
    in_vain = function(event, timeout, pool)
      assert.equal("timeout", support.message(function()
        for _ in pool:map(event.wait, { event }, { timeout = timeout }) do
          error "it is not done"
        end
      end))
    end,
    wake = function(event, pool)
      event:set()
      pool:shutdown()
    end,
    calls = true, -- others wait for those
  },
}

-- Calls fn(name, wait) for each wait with a timeout.
local function each_wait(fn)
  for name, wait in waits.each(function(it) return it.timed end) do
    fn(name, wait)
  end
  for name, wait in pairs(others) do
    fn(name, wait)
  end
end

-- Calls fn(call), where call(timeout) waits in vain.
local function with_wait(wait, fn)
  local object, more, tidy_up = waits.make_elsewhere(wait)
  fn(function(timeout)
    if wait.in_vain then
      wait.in_vain(object, timeout, more)
    else
      local result = wait.call(object, timeout, more)
      assert.is_true(not result)
    end
  end)
  tidy_up()
end

describe("a timeout", function()
  each_wait(function(name, wait)
    it("of less than 0: " .. name, function()
      with_wait(wait, function(call)
        for _, timeout in ipairs { -0.001, -2, -1e300, -math.huge } do
          if wait.negative then
            assert.matches("timeout: " .. wait.negative,
              support.message(call, timeout), 1, true)
          else
            call(timeout)
          end
        end
      end)
    end)

    it("of 0: " .. name, function()
      with_wait(wait, function(call)
        for _, timeout in ipairs { 0, 0.0, -0.0 } do
          call(timeout)
        end
      end)
    end)
  end)

  it("of a Timer may be less than 0", function()
    for _, interval in ipairs { -1, -0.5, -math.huge } do
      local called = false
      local timer = threading.Timer(interval, function()
        called = true
      end)
      timer:start()
      support.join(timer)
      assert.is_true(called)
    end
  end)

  it("of math.huge is for ever", function()
    local wakes, results, list = {}, {}, {}
    for name, wait in waits.each(function(it) return it.timed end) do
      local object, more = wait.make()
      list[#list + 1] = support.start(function()
        results[name] = wait.call(object, math.huge, more)
      end)
      wakes[name] = function() wait.wake(object, more) end
    end
    local calls = support.counter()
    local timer = threading.Timer(math.huge, calls, { 1 })
    timer:start()
    list[#list + 1] = timer
    for _, t in ipairs(list) do
      support.wait_thread_parked(t)
    end
    for _, wake in pairs(wakes) do
      wake()
    end
    timer:cancel()
    support.join(list)
    for name in pairs(wakes) do
      assert.is_true(results[name], name)
    end
    assert.equal(0, calls())
  end)

  it("of a sleep may be math.huge, until somebody ends it", function()
    local t = support.start(time.sleep, math.huge)
    support.wait_thread_parked(t, "sleep")
    t:cancel()
    support.join(t)
  end)

  it("of a sleep of all threads is a deadlock", function()
    local r = support.run [[
      require "threading"
      print(pcall(require "threading.time".sleep, math.huge))
    ]]
    assert.matches("^false\t%S+ deadlock: every thread waits", r.out)
    assert.equal("", r.err)
  end)

  it("that is NaN, or too large, is an error", function()
    each_wait(function(name, wait)
      with_wait(wait, function(call)
        for _, timeout in ipairs {
          0 / 0, 1e100, threading.TIMEOUT_MAX + 1,
        } do
          assert.matches("timeout", support.message(call, timeout), 1, true,
            name)
        end
      end)
    end)
  end)
end)

describe("a wait that may take no time", function()
  local LOOKS <const> = 100

  each_wait(function(name, wait)
    if wait.calls then
      return
    end
    it("is a look, not a sleep: " .. name, function()
      with_wait(wait, function(call)
        local before = _thread._waits()
        for _ = 1, LOOKS do
          call(0)
        end
        local n = _thread._waits() - before
        assert.is_true(n < LOOKS, n .. " sleeps") -- some may be of others
      end)
    end)
  end)

  it("but for a sleep, in which others run", function()
    local before = _thread._waits()
    time.sleep(0)
    assert.is_true(_thread._waits() > before)
  end)

  it("lets others run, by preemption", function()
    local event, n = threading.Event(), 0
    local t = support.start(function()
      for i = 1, 1000 do
        n = i
      end
      event:set()
    end)
    while not event:wait(0) do end
    assert.equal(1000, n)
    support.join(t)
  end)

  it("lets others run where hooks are off, as in a finaliser", function()
    local event, polled = threading.Event(), false
    local t = support.start(function()
      local n = 0
      for _ = 1, 1000 do
        n = n + 1
      end
      event:set()
    end)
    setmetatable({}, { __gc = function()
      repeat until event:wait(0)
      polled = true
    end })
    collectgarbage()
    assert.is_true(polled)
    support.join(t)
  end)

  it("meets a cancellation", function()
    local event, polls = threading.Event(), 0
    local t = support.start(function()
      while true do
        event:wait(0)
        polls = polls + 1
      end
    end)
    support.wait_until(function()
      return polls > 0
    end)
    t:cancel()
    support.join(t)
  end)

  it("meets an interruption", function()
    local event = threading.Event()
    local t = support.start(threading.interrupt_main)
    assert.matches("interrupted!$", support.message(function()
      while true do
        event:wait(0)
      end
    end))
    support.join(t)
  end)

  it("of a Condition lets go of its lock", function()
    local condition, got = threading.Condition(), false
    local _ <close> = condition:guard()
    local t = support.start(function()
      local _ <close> = condition:guard()
      got = true
    end)
    support.wait_thread_parked(t, "RLock")
    while not got do
      assert.is_false(condition:wait(0))
    end
    support.join(t)
  end)

  it("of a Condition is notified before, or not at all", function()
    local condition = threading.Condition()
    local _ <close> = condition:guard()
    condition:notify()
    assert.is_false(condition:wait(0))
    assert.matches(", 0)>", tostring(condition), 1, true)
  end)
end)
