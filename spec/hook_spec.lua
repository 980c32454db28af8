local _thread = require "threading._thread"
local support = require "spec.support"
local time = require "threading.time"

-- A user's hook, and debug.sethook itself, while preemption goes on above it.

local function fib(n)
  if n < 2 then
    return n
  end
  return fib(n - 1) + fib(n - 2)
end

local function tail(n)
  if n > 0 then
    return tail(n - 1)
  end
end

-- What is traced: calls, tail calls, C functions, errors, loops, iterators.
local function program()
  local t = {}
  for i = 1, 20 do
    t[i] = fib(i % 5)
  end
  tail(10)
  pcall(error, "x")
  table.sort(t, function(a, b)
    return a > b
  end)
  for k, v in pairs(t) do
    t[k] = math.max(v, 3)
  end
  local i = 0
  while i < 30 do
    i = i + 1
    if i % 3 == 0 then
      t[#t + 1] = tostring(i)
    end
  end
  return t
end

-- The events of program() under this hook, as a list of strings.
local function trace(mask, count)
  local events = {}
  debug.sethook(function(event, line)
    events[#events + 1] = event .. ":" .. tostring(line)
  end, mask, count)
  program()
  debug.sethook()
  return events
end

-- Those of a coroutine that sets its hook itself.
local function trace_in_coroutine(mask, count)
  return coroutine.wrap(trace)(mask, count)
end

-- Calls fn again and again, while another thread computes, until the
-- thread of fn has been preempted `times` times.
local function preempted(fn, times)
  local over = false
  local noise = support.start(function()
    while not over do
      -- compute
    end
  end)
  local ok, err = pcall(function()
    local first = _thread._switches()
    repeat
      fn()
    until _thread._switches() > first + 2 * (times or 30)
  end)
  over = true
  support.join(noise)
  if not ok then
    error(err, 0)
  end
end

describe("debug.sethook", function()
  before_each(support.switch_often)

  after_each(function()
    debug.sethook()
    support.switch_as_usual()
  end)

  local places = {
    ["the main thread"] = function(fn)
      fn()
    end,
    ["a thread"] = support.in_thread,
  }

  -- A case that traces lines.
  local function it_by_lines(what, fn)
    it(what, function()
      if support.before_5_4_3 then
        pending "in this Lua any hook disturbs who traces lines"
        return
      end
      fn()
    end)
  end

  for place, run in pairs(places) do
    for _, mask in ipairs { "l", "c", "r", "cr", "crl" } do
      local declare = mask:find "l" and it_by_lines or it
      declare("keeps every event of '" .. mask .. "' in " .. place, function()
        run(function()
          local expected = trace(mask)
          assert.is_true(#expected > 20)
          preempted(function()
            assert.same(expected, trace(mask))
          end)
        end)
      end)
    end

    for _, count in ipairs { 1, 2, 7, 50, 1000, 1500 } do
      it("counts " .. count .. " instructions in " .. place, function()
        run(function()
          local expected = trace("", count)
          preempted(function()
            assert.same(expected, trace("", count))
          end)
        end)
      end)
    end

    it_by_lines("keeps all kinds of events together in " .. place, function()
      run(function()
        local expected = trace("crl", 3)
        preempted(function()
          assert.same(expected, trace("crl", 3))
        end)
      end)
    end)

    it_by_lines("keeps the events of a coroutine in " .. place, function()
      run(function()
        local expected = trace_in_coroutine("crl")
        assert.is_true(#expected > 20)
        preempted(function()
          assert.same(expected, trace_in_coroutine("crl"))
        end)
      end)
    end)
  end

  it_by_lines("keeps the lines that a coverage tool counts", function()
    local function cover()
      local lines = {}
      debug.sethook(function(_, line)
        local source = debug.getinfo(2, "S").source
        local key = source .. ":" .. line
        lines[key] = (lines[key] or 0) + 1
      end, "l")
      program()
      coroutine.wrap(program)()
      debug.sethook()
      return lines
    end
    local expected = cover()
    preempted(function()
      assert.same(expected, cover())
    end)
  end)

  it("lets a hook raise, as those that limit the time do", function()
    local object = {}
    local function limited()
      debug.sethook(function()
        debug.sethook()
        error(object)
      end, "", 5000)
      while true do
        -- compute
      end
    end
    preempted(function()
      local ok, err = pcall(limited)
      assert.is_false(ok)
      assert.equal(object, err)
      assert.is_nil(debug.gethook())
    end)
  end)

  it("may be called in a hook, for a hook", function()
    local function events()
      local list = {}
      debug.sethook(function()
        debug.sethook(function(event)
          list[#list + 1] = event
        end, "c")
      end, "c")
      fib(3)
      debug.sethook()
      return list
    end
    local expected = events()
    preempted(function()
      assert.same(expected, events())
    end)
  end)

  it("sets the hook of another thread's coroutine", function()
    local over, seen = false, false
    local co
    local t = support.start(function()
      co = coroutine.create(function()
        while not over do
          -- compute
        end
      end)
      assert(coroutine.resume(co))
    end)
    support.wait_until(function()
      return co and coroutine.status(co) == "normal"
    end)
    debug.sethook(co, function()
      seen = true
    end, "l")
    support.wait_until(function()
      return seen
    end, "an event in another thread")
    debug.sethook(co)
    assert.is_nil(debug.gethook(co))
    over = true
    support.join(t)
  end)

  it("does not keep preemption away", function()
    local over = false
    local t = support.start(function()
      while not over do
        debug.sethook(function() end, "crl", 1)
        debug.sethook()
      end
    end)
    support.join(support.start(function()
      over = true
    end))
    support.join(t)
  end)

  -- For a line hook the VM counts instructions, and does not look; a signal
  -- that came just then armed ours for a count that had gone by.
  it("loses no preemption while each line is an event", function()
    local n = 0
    local t = support.start(function()
      for _ = 1, 2000 do
        time.sleep(0)
        n = n + 1
      end
    end)
    debug.sethook(rawequal, "l")
    assert(load("local counted, x = ..., 0 while counted() < 2000 do "
      .. ("x = x + 1 "):rep(500) .. "end"))(function()
      return n
    end)
    debug.sethook()
    support.join(t)
  end)
end)

describe("debug.gethook", function()
  before_each(support.switch_often)

  after_each(function()
    debug.sethook()
    support.switch_as_usual()
  end)

  local function hook() end

  it("shows the user's hook, or none", function()
    local function bare()
      for _ = 1, 200 do
        local f, mask, count = debug.gethook()
        assert(f == nil and mask == nil and count == nil)
        debug.sethook(hook, "cr", 7000)
        f, mask, count = debug.gethook()
        assert(f == hook and mask == "cr" and count == 7000)
        debug.sethook(hook, "l")
        f, mask, count = debug.gethook()
        assert(f == hook and mask == "l" and count == 0)
        debug.sethook()
      end
    end
    preempted(bare)
    preempted(function()
      coroutine.wrap(bare)()
    end)
    support.in_thread(preempted, bare)
  end)

  it("shows none on a coroutine that was made or left meanwhile", function()
    preempted(function()
      for _ = 1, 100 do
        local co = coroutine.create(function()
          for _ = 1, 100 do
            -- compute
          end
          coroutine.yield()
        end)
        assert(debug.gethook(co) == nil)
        assert(coroutine.resume(co))
        assert(debug.gethook(co) == nil)
        assert(coroutine.resume(co))
        assert(debug.gethook(co) == nil)
      end
    end)
  end)

  -- debug.sethook keeps its functions by coroutine: the heir of a hook has
  -- its mask, and no function. With ours it would say "external hook".
  it("shows the heir of a hook as Lua does", function()
    preempted(function()
      debug.sethook(hook, "r")
      local co = coroutine.create(function() end)
      local wrapped = coroutine.wrap(function()
        return debug.gethook()
      end)
      debug.sethook()
      local f, mask, count = debug.gethook(co)
      assert(f == nil and mask == "r" and count == 0)
      f, mask, count = wrapped()
      assert(f == nil and mask == "r" and count == 0)
      assert(debug.gethook() == nil)
    end)
  end)
end)
