local futures = require "threading.futures"
local queue = require "threading.queue"
local support = require "spec.support"
local threading = require "threading"
local time = require "threading.time"
local tio = require "threading.io"
local _thread = require "threading._thread"

-- What all waits have in common: how long they may take, and that one which
-- may take no time is a look.

-- A future that is not done before let_go() is called.
local function pending_future()
  local event = threading.Event()
  local pool = futures.ThreadPoolExecutor(1)
  local f = pool:submit(event.wait, event)
  return f, function()
    event:set()
    pool:shutdown()
  end
end

local function held_lock(new)
  local lock = new()
  local done = threading.Event()
  local t = support.start(function()
    local _ <close> = lock:guard()
    done:wait()
  end)
  support.wait_thread_parked(t, "Event")
  return lock, function()
    done:set()
    support.join(t)
  end
end

-- Each makes an object, and what tidies it up; and calls a wait in vain, whose
-- result is then false. `negative`: the error where less than 0 is one.
local waits = {
  ["Event"] = {
    make = threading.Event,
    call = function(event, timeout) return event:wait(timeout) end,
  },
  ["Event, with a table"] = {
    make = threading.Event,
    call = function(event, timeout) return event:wait { timeout = timeout } end,
  },
  ["Condition"] = {
    make = function() return threading.Condition():guard() end,
    call = function(condition, timeout) return condition:wait(timeout) end,
  },
  ["wait_for"] = {
    make = function() return threading.Condition():guard() end,
    call = function(condition, timeout)
      return condition:wait_for(function() return false end, timeout)
    end,
  },
  ["join"] = {
    make = function()
      local event = threading.Event()
      local t = support.start(event.wait, event)
      return t, function()
        event:set()
        support.join(t)
      end
    end,
    call = function(t, timeout) return t:join(timeout) end,
  },
  ["Semaphore"] = {
    make = function() return threading.Semaphore(0) end,
    call = function(semaphore, timeout)
      return semaphore:acquire(true, timeout)
    end,
  },
  ["BoundedSemaphore"] = {
    make = function()
      local semaphore = threading.BoundedSemaphore(1)
      semaphore:acquire()
      return semaphore
    end,
    call = function(semaphore, timeout)
      return semaphore:acquire { timeout = timeout }
    end,
  },
  ["Barrier"] = {
    make = function() return threading.Barrier(2) end,
    call = function(barrier, timeout)
      assert.equal("broken barrier",
        support.message(barrier.wait, barrier, timeout))
      assert.is_true(barrier.broken)
      barrier:reset()
    end,
  },
  ["Barrier, by its constructor"] = {
    make = function() return { parties = 2 } end,
    call = function(options, timeout)
      options.timeout = timeout
      local barrier = threading.Barrier(options)
      assert.equal("broken barrier", support.message(barrier.wait, barrier))
    end,
  },
  ["result"] = {
    make = pending_future,
    call = function(f, timeout) return (f:result(timeout)) end,
  },
  ["exception"] = {
    make = pending_future,
    call = function(f, timeout) return (f:exception(timeout)) end,
  },
  ["futures.wait"] = {
    make = pending_future,
    call = function(f, timeout)
      local done, not_done = futures.wait({ f }, timeout)
      assert.same({ {}, { f } }, { done, not_done })
    end,
  },
  ["as_completed"] = {
    make = pending_future,
    call = function(f, timeout)
      assert.equal("1 (of 1) futures unfinished", support.message(function()
        for _ in futures.as_completed({ f }, timeout) do
          error "it is not done"
        end
      end))
    end,
  },
  ["map"] = {
    make = function()
      local event, pool = threading.Event(), futures.ThreadPoolExecutor(1)
      return { event = event, pool = pool }, function()
        event:set()
        pool:shutdown()
      end
    end,
    call = function(it, timeout)
      assert.equal("timeout", support.message(function()
        for _ in it.pool:map(function()
          it.event:wait()
        end, { 1 }, { timeout = timeout }) do
          error "it is not done"
        end
      end))
    end,
  },
  ["Queue.join"] = {
    make = function()
      local q = queue.Queue()
      q:put(1)
      return q
    end,
    call = function(q, timeout) return q:join(timeout) end,
  },
  ["Lock"] = {
    make = function() return held_lock(threading.Lock) end,
    call = function(lock, timeout) return lock:acquire(true, timeout) end,
    negative = "must be a non-negative number",
  },
  ["RLock"] = {
    make = function() return held_lock(threading.RLock) end,
    call = function(lock, timeout) return lock:acquire(true, timeout) end,
    negative = "must be a non-negative number",
  },
  ["Queue.get"] = {
    make = queue.Queue,
    call = function(q, timeout) return (q:get(true, timeout)) end,
    negative = "must be a non-negative number",
  },
  ["Queue.put"] = {
    make = function()
      local q = queue.Queue(1)
      q:put(1)
      return q
    end,
    call = function(q, timeout) return (q:put(2, true, timeout)) end,
    negative = "must be a non-negative number",
  },
  ["SimpleQueue.get"] = {
    make = queue.SimpleQueue,
    call = function(q, timeout) return (q:get(true, timeout)) end,
    negative = "must be a non-negative number",
  },
  ["wait_fd"] = {
    make = function()
      local f = tio.popen "cat"
      return f
    end,
    call = function(f, timeout) return (tio.wait_fd(f, "r", timeout)) end,
    negative = "must be a non-negative number",
  },
}

local function each_wait(describe_it)
  for name, wait in pairs(waits) do
    describe_it(name, wait)
  end
end

describe("a timeout", function()
  each_wait(function(name, wait)
    it("of less than 0: " .. name, function()
      local object, tidy_up = wait.make()
      for _, timeout in ipairs { -0.001, -2, -1e300, -math.huge } do
        if wait.negative then
          assert.matches("timeout: " .. wait.negative,
            support.message(wait.call, object, timeout), 1, true)
        else
          local result = wait.call(object, timeout)
          assert.is_true(not result)
        end
      end
      if tidy_up then
        tidy_up()
      end
    end)

    it("of 0: " .. name, function()
      local object, tidy_up = wait.make()
      for _, timeout in ipairs { 0, 0.0, -0.0 } do
        local result = wait.call(object, timeout)
        assert.is_true(not result)
      end
      if tidy_up then
        tidy_up()
      end
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
    local event = threading.Event()
    local lock, let_go = held_lock(threading.Lock)
    local condition = threading.Condition()
    local barrier = threading.Barrier(2)
    local semaphore = threading.Semaphore(0)
    local q, simple = queue.Queue(1), queue.SimpleQueue()
    local f, finish = pending_future()
    local counter = support.counter()
    local list = {
      support.start(event.wait, event, math.huge),
      support.start(lock.acquire, lock, true, math.huge),
      support.start(condition.with, condition, condition.wait, condition,
        math.huge),
      support.start(barrier.wait, barrier, math.huge),
      support.start(semaphore.acquire, semaphore, true, math.huge),
      support.start(q.get, q, true, math.huge),
      support.start(simple.get, simple, true, math.huge),
      support.start(f.result, f, math.huge),
      support.start(f.exception, f, { timeout = math.huge }),
      support.start(futures.wait, { f }, math.huge),
      support.start(function()
        for it in futures.as_completed({ f }, math.huge) do
          assert(it == f)
        end
      end),
      support.start(support.join, support.start(event.wait, event)),
    }
    local timer = threading.Timer(math.huge, counter, { 1 })
    timer:start()
    list[#list + 1] = timer
    for _, t in ipairs(list) do
      support.wait_thread_parked(t)
    end
    event:set()
    let_go()
    condition:with(condition.notify_all, condition)
    barrier:wait(math.huge)
    semaphore:release()
    q:put(1)
    simple:put(1)
    timer:cancel()
    finish()
    support.join(list)
    assert.equal(0, counter())
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
      local object, tidy_up = wait.make()
      for _, timeout in ipairs {
        0 / 0, 1e100, threading.TIMEOUT_MAX + 1,
      } do
        assert.matches("timeout", support.message(wait.call, object, timeout),
          1, true, name)
      end
      if tidy_up then
        tidy_up()
      end
    end)
  end)
end)

describe("a wait that may take no time", function()
  local LOOKS <const> = 100

  each_wait(function(name, wait)
    if name == "map" then
      return -- it has calls made, which others wait for
    end
    it("is a look, not a sleep: " .. name, function()
      local object, tidy_up = wait.make()
      local before = _thread._waits()
      for _ = 1, LOOKS do
        wait.call(object, 0)
      end
      local n = _thread._waits() - before
      if tidy_up then
        tidy_up()
      end
      assert.is_true(n < LOOKS, n .. " sleeps") -- some may be of other threads
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
