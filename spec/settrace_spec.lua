local futures = require "threading.futures"
local support = require "spec.support"
local threading = require "threading"

-- Hooks that threads get as they begin.

local function add(a, b)
  return a + b
end

local function work(n)
  local sum = 0
  for i = 1, n do
    sum = add(sum, i)
  end
  return sum
end

-- A hook that notes "event name:line" of the functions of this file.
local function noting(level)
  local list, note = support.shared_list()
  return list, function(event, line, given)
    local info = debug.getinfo(level or given or 2, "Sn")
    if info and info.source == debug.getinfo(1, "S").source then
      note(event .. (line and ":" .. line or ""))
    end
  end
end

local function set_of(list)
  local set = {}
  for _, item in ipairs(list) do
    set[item] = true
  end
  return set
end

local FIRST <const> = debug.getinfo(work, "S").linedefined

local CALLS <const> = { call = true, ["tail call"] = true, ["return"] = true }

local function assert_lines(list)
  local set = set_of(list)
  for line = FIRST + 1, FIRST + 5 do
    if line ~= FIRST + 4 then -- the loop's end
      assert.is_true(set["line:" .. line], "line " .. line)
    end
  end
end

describe("threading.settrace", function()
  after_each(function()
    threading.settrace()
    threading.setprofile()
    support.switch_as_usual()
  end)

  it("shows what was set, and takes it back", function()
    local function hook() end
    assert.is_nil(threading.gettrace())
    threading.settrace(hook)
    assert.same({ hook, "crl", 0 }, { threading.gettrace() })
    threading.settrace(hook, "l", 100)
    assert.same({ hook, "l", 100 }, { threading.gettrace() })
    threading.settrace(nil)
    assert.is_nil(threading.gettrace())
    assert.is_nil(support.in_thread(debug.gethook))
  end)

  it("shows a thread's calls, lines and returns", function()
    local list, hook = noting()
    threading.settrace(hook)
    support.join(support.start(work, 3))
    assert_lines(list)
    local set = set_of(list)
    for event in pairs(CALLS) do
      assert.is_true(set[event], event)
    end
  end)

  it("is the thread's hook, as debug.sethook sets it", function()
    local function hook() end
    threading.settrace(hook, "l", 7)
    assert.same({ hook, "l", 7 }, { support.in_thread(debug.gethook) })
    assert.is_nil(debug.gethook())
  end)

  it("takes what debug.gethook returns, as a coverage tool's", function()
    local list, hook = noting()
    debug.sethook(hook, "l")
    threading.settrace(debug.gethook())
    debug.sethook()
    support.join(support.start(work, 3))
    assert_lines(list)
    for _, event in ipairs(list) do
      assert.matches("^line:%d+$", event)
    end
  end)

  -- A class that has a `run` of its own, a Timer, the workers of a pool.
  local kinds = {
    ["a derived class"] = function()
      local Worker = threading.Thread:extend "Worker"
      function Worker.run()
        work(3)
      end
      local t = Worker()
      t:start()
      support.join(t)
    end,
    ["a Timer"] = function()
      local t = threading.Timer(0, work, { 3 })
      t:start()
      support.join(t)
    end,
    ["a pool"] = function()
      local pool <close> = futures.ThreadPoolExecutor { max_workers = 1 }
      assert.equal(6, pool:submit(work, 3):result())
    end,
    ["parallel_for"] = function()
      threading.parallel_for(1, 2, function()
        work(3)
      end, 2)
    end,
  }

  for kind, run in pairs(kinds) do
    it("reaches the threads of " .. kind, function()
      local list, hook = noting()
      threading.settrace(hook)
      run()
      assert_lines(list)
    end)
  end

  it("does not reach a thread that was started before", function()
    local list, hook = noting()
    local go = threading.Event()
    local found
    local t = support.start(function()
      go:wait()
      work(3)
      found = debug.gethook()
    end)
    support.wait_thread_parked(t)
    threading.settrace(hook)
    go:set()
    support.join(t)
    assert.is_nil(found)
    assert.same({}, list)
  end)

  it("leaves current_thread, and what the target gets, as they are", function()
    threading.settrace(function() end)
    local got
    local t = support.start(function(...)
      got = { threading.current_thread(), ... }
    end, 1, 2)
    support.join(t)
    assert.equal(t, got[1])
    assert.same({ 1, 2 }, { got[2], got[3] })
  end)

  it("lets a thread that computes be preempted", function()
    support.switch_often()
    threading.settrace(function() end)
    local over = false
    local t = support.start(function()
      while not over do
        -- compute
      end
    end)
    support.join(support.start(function()
      over = true
    end))
    support.join(t)
  end)

  it("tells an error of the hook as others", function()
    for _, mask in ipairs { "c", "r", "l" } do
      local calls = support.excepthook_calls(function()
        threading.settrace(function()
          error "a bad hook"
        end, mask)
        support.join(support.start(work, 3))
      end)
      assert.equal(1, #calls)
      assert.matches("settrace_spec.lua:%d+: a bad hook$", calls[1].value)
      assert.matches("a bad hook\nstack traceback:\n", calls[1].traceback)
    end
  end)

  it("stays for the excepthook that tells another error", function()
    local before = threading.excepthook
    local list, hook = noting()
    local line = debug.getinfo(1, "l").currentline + 2
    function threading.excepthook()
      work(1)
    end
    threading.settrace(hook)
    local ok, err = pcall(function()
      support.join(support.start(error))
    end)
    threading.excepthook = before
    assert.is_true(ok, err)
    assert.is_true(set_of(list)["line:" .. line])
  end)

  it("refuses what is no hook", function()
    assert.equal("bad argument 'fn' to 'settrace' (function or nil expected, "
      .. "got table)", support.message(threading.settrace, {}))
    assert.equal("bad argument 'mask' to 'settrace' (string expected, got 1)",
      support.message(threading.settrace, print, 1))
    assert.equal("bad argument 'count' to 'settrace' (integer expected, "
      .. "got 0.5)", support.message(threading.settrace, print, "", 0.5))
    assert.equal("bad argument 'count' to 'settrace' (0 to 2147483647 "
      .. "expected, got -1)",
      support.message(threading.settrace, print, "", -1))
    assert.equal("bad argument 'fn' to 'setprofile' (function or nil "
      .. "expected, got 1)", support.message(threading.setprofile, 1))
    assert.is_nil(threading.gettrace())
    assert.is_nil(threading.getprofile())
  end)
end)

describe("threading.setprofile", function()
  after_each(function()
    threading.settrace()
    threading.setprofile()
  end)

  it("shows what was set, and takes it back", function()
    local function hook() end
    assert.is_nil(threading.getprofile())
    threading.setprofile(hook)
    assert.equal(hook, threading.getprofile())
    assert.equal(hook, (support.in_thread(debug.gethook)))
    threading.setprofile()
    assert.is_nil(threading.getprofile())
    assert.is_nil(support.in_thread(debug.gethook))
  end)

  it("shows calls and returns, and no lines", function()
    local list, hook = noting()
    threading.setprofile(hook)
    support.join(support.start(work, 3))
    assert.same(CALLS, set_of(list))
  end)

  -- Each finds the function that runs, and gets the events that it wants.
  it("goes together with settrace", function()
    local profiled, profile = noting()
    local traced, trace = noting(2)
    threading.setprofile(profile)
    threading.settrace(trace, "l")
    support.join(support.start(work, 3))
    assert_lines(traced)
    local set = set_of(traced)
    for event in pairs(CALLS) do
      assert.is_nil(set[event], event)
    end
    assert.same(CALLS, set_of(profiled))
  end)

  it("leaves settrace its calls and returns, too", function()
    local profiled, profile = noting()
    local traced, trace = noting(2)
    threading.setprofile(profile)
    threading.settrace(trace, "cr")
    support.join(support.start(work, 3))
    assert.same(CALLS, set_of(traced))
    assert.same(CALLS, set_of(profiled))
  end)
end)

describe("threading.settrace_all_threads", function()
  after_each(function()
    threading.settrace_all_threads()
    threading.setprofile()
    support.switch_as_usual()
  end)

  -- A thread that calls wait(go), then work(3), and returns its hook.
  local function started(wait)
    local go, found = threading.Event(), {}
    local t = support.start(function()
      wait(go)
      work(3)
      found[1] = debug.gethook()
    end)
    return t, go, found
  end

  local function wait(go)
    go:wait()
  end

  it("reaches a thread that waits", function()
    local list, hook = noting()
    local t, go, found = started(wait)
    support.wait_thread_parked(t)
    threading.settrace_all_threads(hook)
    assert.equal(hook, debug.gethook())
    threading.settrace() -- of no thread that lives
    go:set()
    support.join(t)
    debug.sethook()
    assert.equal(hook, found[1])
    assert_lines(list)
  end)

  it("reaches a thread that computes", function()
    local list, hook = noting()
    local computes
    local t, go = started(function(go)
      computes = true
      while not go:is_set() do end
    end)
    support.wait_until(function() return computes end)
    threading.settrace_all_threads(hook, "l")
    go:set()
    support.join(t)
    debug.sethook()
    assert_lines(list)
  end)

  it("reaches the coroutine that a thread runs, and what is below", function()
    local _, hook = noting()
    local inside, other
    local t, go, found = started(function(go)
      other = coroutine.create(function() return debug.gethook() end)
      coroutine.wrap(function()
        go:wait()
        inside = debug.gethook()
      end)()
    end)
    support.wait_thread_parked(t)
    threading.settrace_all_threads(hook)
    go:set()
    support.join(t)
    assert.equal(hook, inside)
    assert.equal(hook, found[1])
    assert.is_nil(select(2, coroutine.resume(other)))
  end)

  it("reaches those that are started later, until it is undone", function()
    local function hook() end
    threading.settrace_all_threads(hook, "l", 7)
    assert.same({ hook, "l", 7 }, { threading.gettrace() })
    assert.same({ hook, "l", 7 }, { support.in_thread(debug.gethook) })
    local t, go, found = started(wait)
    support.wait_thread_parked(t)
    threading.settrace_all_threads(nil)
    go:set()
    support.join(t)
    assert.is_nil(debug.gethook())
    assert.is_nil(found[1])
    assert.is_nil(threading.gettrace())
  end)

  it("reaches the main thread, called by another", function()
    local out = support.output_of [[
      local threading, time = require "threading", require "threading.time"
      local _thread = require "threading._thread"
      local main = threading.main_thread()
      local function hook() end
      local lock, done = threading.Lock(), threading.Event()
      lock:acquire()
      local function try(wait, is_there)
        assert(not debug.gethook())
        local t = threading.Thread { target = function()
          while not is_there() do time.sleep(0) end
          threading.settrace_all_threads(hook, "l", 9)
          done:set()
        end }
        t:start()
        wait()
        print(select("#", debug.gethook()), debug.gethook() == hook,
          select(2, debug.gethook()), select(3, debug.gethook()))
        t:join()
        done:clear()
        threading.settrace_all_threads()
      end
      local function main_waits()
        return _thread._parked()[main.ident] == "Lock"
      end
      local computes
      try(function() lock:acquire(true, 0.2) end, main_waits)
      try(function()
        computes = true
        while not done:is_set() do end
      end, function() return computes end)
      coroutine.wrap(function()
        computes = false
        try(function()
          computes = true
          while not done:is_set() do end
        end, function() return computes end)
      end)()
      print(debug.gethook())
    ]]
    assert.equal(("3\ttrue\tl\t9\n"):rep(3) .. "nil\n", out)
  end)

  it("and setprofile_all_threads are one hook", function()
    local list, hook = noting()
    local profile, profiler = noting()
    local t, go = started(wait)
    support.wait_thread_parked(t)
    threading.settrace_all_threads(hook, "l")
    threading.setprofile_all_threads(profiler)
    go:set()
    support.join(t)
    threading.setprofile_all_threads()
    debug.sethook()
    assert_lines(list)
    assert.is_true(#profile > 0)
  end)

  it("loses no request of the threads that it sets", function()
    support.switch_often()
    local stop = false
    local threads = support.start_many(4, function()
      while not stop do
        work(10)
      end
    end)
    for i = 1, 200 do
      threading.settrace_all_threads(i % 2 == 0 and function() end or nil, "",
        1000)
      support.wait_until(function() return true end)
    end
    stop = true
    support.join(threads)
  end)

  it("refuses what is no hook", function()
    assert.equal("bad argument 'fn' to 'settrace_all_threads' (function or nil "
      .. "expected, got table)",
      support.message(threading.settrace_all_threads, {}))
    assert.equal("bad argument 'fn' to 'setprofile_all_threads' (function or "
      .. "nil expected, got table)",
      support.message(threading.setprofile_all_threads, {}))
    assert.matches("0 to 2147483647 expected", support.message(
      threading.settrace_all_threads, print, "l", -1))
  end)
end)
