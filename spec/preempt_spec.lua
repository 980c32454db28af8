local _thread = require "threading._thread"
local support = require "spec.support"
local threading = require "threading"
local time = require "threading.time"

-- Each case has a computing thread that never waits, and another that must
-- get its turn all the same: if it does not, the case does not end.

describe("preemption", function()
  before_each(support.switch_often)
  after_each(support.switch_as_usual)

  -- Runs loop(go_on) in a new thread until the main thread has had `turns`
  -- turns; go_on() is true until then.
  local function interrupted_often(loop, turns)
    local over = false
    local function go_on()
      return not over
    end
    local t = support.start(loop, go_on)
    for _ = 1, turns or 20 do
      local before = _thread._switches()
      while _thread._switches() < before + 2 and t:is_alive() do
        -- compute
      end
    end
    over = true
    support.join(t)
  end

  local loops = {
    ["while"] = function(go_on)
      while go_on() do
        -- nothing
      end
    end,
    ["numeric for"] = function(go_on)
      while go_on() do
        for _ = 1, 100000 do
          -- nothing
        end
      end
    end,
    ["generic for"] = function(go_on)
      for _ in function()
        return go_on() or nil
      end do
        -- nothing
      end
    end,
    ["repeat"] = function(go_on)
      local x = 0
      repeat
        x = x ~ 1
      until not go_on()
    end,
    ["goto"] = function(go_on)
      ::again::
      if go_on() then
        goto again
      end
    end,
    ["tail call"] = function(go_on)
      local function again()
        if go_on() then
          return again()
        end
      end
      again()
    end,
    ["recursion without loops"] = function(go_on)
      local function deep(n)
        if n > 0 then
          deep(n - 1)
          deep(n - 1)
        end
      end
      while go_on() do
        deep(12)
      end
    end,
    ["metamethods"] = function(go_on)
      local object = setmetatable({}, {
        __index = function()
          return go_on()
        end,
      })
      while object.x do
        -- nothing
      end
    end,
    ["pcall"] = function(go_on)
      while select(2, pcall(go_on)) do
        pcall(error, "x")
      end
    end,
    ["callbacks of C functions"] = function(go_on)
      while go_on() do
        table.sort({ 3, 1, 2, 5, 4 }, function(a, b)
          return a < b
        end);
        ("aaaa"):gsub("a", function(c)
          return c
        end)
      end
    end,
    ["a coroutine"] = function(go_on)
      coroutine.wrap(function()
        while go_on() do
          -- nothing
        end
      end)()
    end,
    ["a coroutine in a coroutine in a coroutine"] = function(go_on)
      local function nested(depth)
        if depth == 0 then
          while go_on() do
            -- nothing
          end
        else
          local co = coroutine.create(nested)
          assert(coroutine.resume(co, depth - 1))
        end
      end
      nested(3)
    end,
    ["many short coroutines"] = function(go_on)
      while go_on() do
        local co = coroutine.wrap(function(a)
          for i = 1, 10 do
            a = coroutine.yield(a + i)
          end
          return 0
        end)
        for i = 1, 10 do
          co(i)
        end
      end
    end,
    ["a variable's __close"] = function(go_on)
      local closing = setmetatable({}, {
        __close = function()
          while go_on() do
            -- nothing
          end
        end,
      })
      local co = coroutine.create(function()
        local _ <close> = closing
        coroutine.yield()
      end)
      coroutine.resume(co)
      assert(coroutine.close(co))
    end,
    ["hooks that are set and unset"] = function(go_on)
      while go_on() do
        debug.sethook(function() end, "", 1000)
        debug.sethook()
      end
    end,
    ["collections of garbage"] = function(go_on)
      while go_on() do
        collectgarbage "step"
      end
    end,
  }

  if support.before_5_4_3 then -- this Lua would leave it at our hook
    loops["a variable's __close"] = nil
  end

  for name, loop in pairs(loops) do
    it("reaches " .. name, function()
      interrupted_often(loop)
    end)
  end

  it("reaches a coroutine that was made before the threads", function()
    local over = false
    local co = coroutine.wrap(function()
      while not over do
        -- nothing
      end
      return "ended"
    end)
    local result
    local worker = support.start(function()
      result = co()
    end)
    support.join(support.start(function()
      over = true
    end))
    support.join(worker)
    assert.equal("ended", result)
  end)

  it("reaches the main thread, in and out of a coroutine", function()
    for _, call in ipairs {
      pcall,
      function(f)
        coroutine.wrap(f)()
      end,
    } do
      local over = false
      local t = support.start(function()
        over = true
      end)
      call(function()
        while not over do
          -- nothing
        end
      end)
      support.join(t)
    end
  end)

  it("lets every one of many threads run", function()
    local turns, over = {}, false
    local list = support.start_many(30, function(i)
      turns[i] = 0
      while not over do
        turns[i] = turns[i] + 1
      end
    end)
    support.wait_until(function()
      for i = 1, 30 do
        if (turns[i] or 0) < 1000 then
          return false
        end
      end
      return true
    end, "every thread to compute")
    over = true
    support.join(list)
  end)

  it("wakes who sleeps while many compute", function()
    local over, slept = false, 0
    local list = support.start_many(8, function()
      while not over do
        -- nothing
      end
    end)
    support.join(support.start(function()
      for _ = 1, 50 do
        time.sleep(0.0001)
        slept = slept + 1
      end
    end))
    over = true
    support.join(list)
    assert.equal(50, slept)
  end)

  -- Counted in what the others do meanwhile, which the machine's load does not
  -- change; the best of some rounds, for it delays the wake-up itself.
  it("lets who wakes run before the turns of all who compute", function()
    local over, turns = false, { 0, 0, 0, 0 }
    threading.setswitchinterval(0.05)
    local list = support.start_many(4, function(i)
      while not over do
        turns[i] = turns[i] + 1
      end
    end)
    local function done()
      return turns[1] + turns[2] + turns[3] + turns[4]
    end
    local least = math.huge
    for _ = 1, 5 do
      time.sleep(0.1) -- now each has waited for its turn for an interval
      local before = done()
      time.sleep(0.0001)
      least = math.min(least, done() - before)
    end
    over = true
    support.join(list)
    assert.is_true(least < 200000, least)
  end)

  -- To set a hook walks the stack. Both numbers are of this thread's own time,
  -- which the machine's load does not change.
  describe("on a deep stack", function()
    local function deep(n, fn)
      if n == 0 then
        return fn()
      end
      local result = deep(n - 1, fn)
      return result
    end

    -- Lua 5.4.0 takes a deep stack of Lua's for one of C's.
    local DEPTH <const> = pcall(deep, 100000, support.counter) and 100000
      or 1000

    -- Seconds of a thread's own time in which many walks of a deep stack can be
    -- charged for: one of them takes a large part of a few milliseconds.
    local ENOUGH <const> = 0.2

    -- The part of this thread's time that setting hooks takes while fn runs.
    local function part_of_hooks(fn)
      local cost, used = _thread._hook_cost(), time.thread_time()
      fn()
      return (_thread._hook_cost() - cost) / (time.thread_time() - used)
    end

    local function step()
      for _ = 1, 20000 do
        -- compute
      end
    end

    -- That of a loop beside threads that come for the lock again and again.
    local function compute(one_step)
      local over = false
      local list = support.start_many(3, function()
        while not over do
          time.sleep(0)
          time.sleep(0.0001)
        end
      end)
      local part = part_of_hooks(function()
        local first, stop = _thread._switches(), time.thread_time() + ENOUGH
        repeat
          for _ = 1, 20 do
            one_step()
          end
        until _thread._switches() > first + 40 and time.thread_time() > stop
      end)
      over = true
      support.join(list)
      return part
    end

    local function in_coroutine(fn, ...)
      return coroutine.wrap(fn)(...)
    end

    local places = {
      ["the main thread"] = { pcall, step },
      ["a thread"] = { support.in_thread, step },
      ["a coroutine"] = { in_coroutine, step },
      ["what resumes coroutines"] = { pcall, function()
        in_coroutine(step)
      end },
    }

    for place, it_is in pairs(places) do
      it("takes a small part of the time of " .. place, function()
        local part
        it_is[1](function()
          part = deep(DEPTH, function()
            return compute(it_is[2])
          end)
        end)
        assert.is_true(part < 0.2, part)
      end)
    end

    for _, count in ipairs { 100, 10000 } do
      it("serves a count hook of " .. count .. " at a small part", function()
        if _thread._testing then
          pending "the hostile build serves it in slices of its own"
          return
        end
        local fired = 0
        local part = deep(DEPTH, function()
          return part_of_hooks(function()
            debug.sethook(function()
              fired = fired + 1
            end, "", count)
            local stop = time.thread_time() + ENOUGH
            repeat
              step()
            until time.thread_time() > stop
            debug.sethook()
          end)
        end)
        assert.is_true(fired > 20, fired)
        assert.is_true(part < 0.2, part)
      end)
    end

    it("threads start and end as they do elsewhere", function()
      if _thread._testing then
        pending "the hostile build sets its hook for every thread"
        return
      end
      local part = deep(DEPTH, function()
        return part_of_hooks(function()
          local stop = time.thread_time() + ENOUGH
          repeat
            support.join(support.start(rawlen, ""))
          until time.thread_time() > stop
        end)
      end)
      assert.is_true(part < 0.25, part)
    end)
  end)

  it("comes between the load and the store of x = x + 1", function()
    local x
    local function change()
      for _ = 1, 20000 do
        x = x + 1
      end
    end
    support.wait_until(function()
      x = 0
      support.join(support.start_many(2, change))
      return x < 40000
    end, "a lost change")
  end)

  it("takes the longest and the shortest interval", function()
    for _, seconds in ipairs { 1e-9, 1e6 } do
      threading.setswitchinterval(seconds)
      local sum = 0
      support.join(support.start_many(4, function()
        for i = 1, 1000 do
          sum = sum + i // i
        end
      end))
      assert.is_true(sum > 0)
    end
  end)

  it("does not come between where a thread runs alone", function()
    local before = _thread._switches()
    for _ = 1, 1e6 do
      -- nothing
    end
    assert.equal(before, _thread._switches())
  end)
end)

describe("garbage collection in threads", function()
  before_each(support.switch_often)

  after_each(function()
    support.switch_as_usual()
    collectgarbage "incremental"
  end)

  for _, mode in ipairs { "incremental", "generational" } do
    it("runs in any thread, in mode " .. mode, function()
      collectgarbage(mode)
      local finalised = 0
      local meta = {
        __gc = function()
          for i = 1, 10 do
            string.rep("x", 1000 + i)
          end
          finalised = finalised + 1 -- no hook comes in a finaliser
        end,
      }
      support.join(support.start_many(6, function(n)
        for i = 1, 300 do
          setmetatable({ i }, meta)
          if i % (20 * n) == 0 then
            collectgarbage()
          end
        end
      end))
      collectgarbage()
      collectgarbage()
      assert.equal(6 * 300, finalised)
    end)
  end

  it("a finaliser may wait", function()
    local lock, finalised = threading.Lock(), 0
    lock:acquire()
    local t = support.start(function()
      setmetatable({}, {
        __gc = function()
          lock:acquire()
          finalised = finalised + 1
          lock:release()
        end,
      })
      collectgarbage()
      collectgarbage()
    end)
    support.wait_thread_parked(t)
    for i = 1, 1000 do
      string.rep("x", 1000 + i)
    end
    lock:release()
    support.join(t)
    assert.equal(1, finalised)
  end)
end)
