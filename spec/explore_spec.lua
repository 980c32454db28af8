local _thread = require "threading._thread"
local explore = require "threading.explore"
local interpreters = require "threading.interpreters"
local has_sockets, socket = pcall(require, "threading.socket")
local support = require "spec.support"
local threading = require "threading"
local time = require "threading.time"
local together = require("spec.explore.support").together

-- The document's race; with a lock there is none.
local function bank(lock)
  local balance = 0
  local function change_it(n)
    if lock then
      lock:acquire()
    end
    balance = balance + n
    balance = balance - n
    if lock then
      lock:release()
    end
  end
  together(function() change_it(5) end, function() change_it(8) end)
  assert(balance == 0, "balance is " .. balance)
end

local function race()
  bank(nil)
end

local function no_race()
  bank(threading.Lock())
end

local function two_locks()
  local a, b = threading.Lock(), threading.Lock()
  together(function()
    local _ <close> = a:guard()
    local _ <close> = b:guard()
  end, function()
    local _ <close> = b:guard()
    local _ <close> = a:guard()
  end)
end

-- The first schedule that fails.
local function failing(fn, options)
  local r = explore.run(fn, options)
  assert.is_false(r.ok)
  return r
end

local function without_addresses(message)
  return (message:gsub("0x%x+", ""))
end

describe("explore", function()
  it("finds the lost update of balance = balance + n", function()
    for _, strategy in ipairs { "auto", "random", "pct" } do
      local r = failing(race, { strategy = strategy })
      assert.equal("error", r.failure.kind)
      assert.matches("balance is %-?%d", r.failure.message)
      assert.is_true(r.preemptions >= 1)
    end
  end)

  it("finds nothing where a Lock is held", function()
    local r = explore.run(no_race, { schedules = 200 })
    assert.is_true(r.ok)
    assert.equal(200, r.tried)
  end)

  it("is the same search each time for the same seed", function()
    local one, other = failing(race, { seed = 7 }), failing(race, { seed = 7 })
    assert.same({ one.tried, one.replay, one.hash },
      { other.tried, other.replay, other.hash })
  end)

  it("replays a schedule exactly", function()
    for _, program in ipairs { race, two_locks } do
      local found = failing(program)
      for _ = 1, 25 do
        local r = failing(program, { replay = found.replay })
        assert.equal(without_addresses(found.failure.message),
          without_addresses(r.failure.message))
        assert.equal(found.replay, r.replay)
        assert.equal(found.hash, r.hash)
        assert.is_nil(r.strayed)
      end
    end
  end)

  it("says where a replay has left the recorded way", function()
    local found = failing(race)
    assert.is_string(explore.run(no_race, { replay = found.replay }).differs)
  end)

  it("finds the deadlock of two locks", function()
    assert.matches("deadlock", failing(two_locks).failure.message)
  end)

  it("finds a thread that nobody wakes", function()
    local r = failing(function()
      threading.Thread { target = function()
        threading.Event():wait()
      end }:start()
    end, { schedules = 1 })
    assert.equal("left", r.failure.kind)
    assert.matches("Thread%-1", r.failure.message)
  end)

  it("leaves daemons out", function()
    assert.is_true(explore.run(function()
      local event = threading.Event()
      for _, fn in ipairs {
        function() event:wait() end,
        function()
          while true do
            time.sleep(1)
          end
        end,
      } do
        threading.Thread { target = fn, daemon = true }:start()
      end
    end, { schedules = 20 }).ok)
    assert.equal(1, threading.active_count())
  end)

  it("ends a program that does not, whatever it catches", function()
    for _, main in ipairs { true, false } do
      local function spin()
        while true do
          pcall(function()
            while true do end
          end)
        end
      end
      local r = failing(main and spin or function()
        together(spin)
      end, { max_steps = 2000 })
      assert.equal("points", r.failure.kind)
    end
    assert.equal(1, threading.active_count())
  end)

  it("lets one that waits in a loop come to its end", function()
    assert.is_true(explore.run(function()
      local flag = false
      together(function()
        while not flag do end
      end, function()
        flag = true
      end)
    end, { schedules = 20, strategy = "pct" }).ok)
  end)

  it("has a virtual clock, which nobody waits for", function()
    local before = time.monotonic()
    assert.is_true(explore.run(function()
      local start, order = time.monotonic(), {}
      local function sleeper(seconds)
        return function()
          time.sleep(seconds)
          order[#order + 1] = seconds
        end
      end
      together(sleeper(3000), sleeper(1000), sleeper(2000))
      local lock = threading.Lock()
      lock:acquire()
      assert(not lock:acquire(true, 5000))
      assert(table.concat(order, " ") == "1000 2000 3000")
      assert(time.monotonic() - start >= 8000)
      assert(os.clock() - os.clock() < 0)
    end, { schedules = 5 }).ok)
    assert.is_true(time.monotonic() - before < 8000)
  end)

  it("splits coroutines, too", function()
    local r = failing(function()
      local n = 0
      local function work()
        coroutine.wrap(function()
          n = n + 1
        end)()
      end
      together(work, work)
      assert(n == 2)
    end)
    assert.matches("assertion failed", r.failure.message)
  end)

  it("finds an error in any thread, and prints none", function()
    support.output_of [[
      local explore = require "threading.explore"
      local threading = require "threading"
      local r = explore.run(function()
        local t = threading.Thread { target = function() error "oops" end }
        t:start()
        t:join()
      end)
      assert(r.failure.thread == "Thread-1")
      assert(r.failure.message:find "oops")
      r = explore.run(function()
        require "threading._thread".start_new_thread(function() error "low" end)
        require "threading.time".sleep(1)
      end)
      assert(r.failure.message:find "low")
    ]]
  end)

  it("leaves the program's hooks to it", function()
    local lines, instructions = 0, 0
    local r = failing(function()
      local n = 0
      local function add()
        debug.sethook(function() lines = lines + 1 end, "l")
        n = n + 1
        debug.sethook(function() instructions = instructions + 1 end, "", 4)
        n = n + 1
        for _ = 1, 10 do end
        debug.sethook()
      end
      together(add, add)
      assert(n == 4, "lost")
    end)
    assert.matches("lost", r.failure.message)
    assert.is_true(lines > 2)
    assert.is_true(instructions > 5)
  end)

  it("knows when a descriptor is ready", function()
    if not has_sockets then
      pending "needs LuaSocket"
      return
    end
    assert.is_true(explore.run(function()
      local server = assert(socket.bind("127.0.0.1", 0))
      local _, port = server:getsockname()
      local answer
      together(function()
        local connection = assert(server:accept())
        connection:send(assert(connection:receive()):upper() .. "\n")
        connection:close()
      end, function()
        local connection = assert(socket.connect("127.0.0.1", port))
        connection:send "hello\n"
        answer = connection:receive()
        connection:close()
      end)
      server:settimeout(50)
      local _, err = server:accept()
      server:close()
      assert(answer == "HELLO" and err == "timeout")
    end, { schedules = 5 }).ok)
  end)

  it("runs kernels, programs and other interpreters as one step", function()
    local k = threading.kernel "double twice(double x) { return 2 * x; }"
    local r = explore.run(function()
      local output
      together(function()
        assert(k.twice(2) == 4)
      end, function()
        local f = io.popen "echo hello"
        output = f:read "l"
        f:close()
      end, function()
        local i <close> = interpreters.create()
        assert(i:call(math.max, 2, 8) == 8)
      end)
      assert(output == "hello")
    end, { schedules = 5 })
    assert(r.ok, r.report)
  end)

  it("runs in a coroutine, too", function()
    assert.is_false(coroutine.wrap(explore.run)(race).ok)
    assert.is_nil((debug.gethook()))
  end)

  it("replays in another process what was found in this one", function()
    local program = [[
      local threading = require "threading"
      local explore = require "threading.explore"
      local race = assert(load([=[
        local threading = require "threading"
        local n, t = 0, {}
        for i = 1, 3 do
          t[i] = threading.Thread { target = function() n = n + 1 end }
          t[i]:start()
        end
        for i = 1, 3 do t[i]:join() end
        assert(n == 3)
      ]=], "=race"))
      local r = explore.run(race, { replay = %s })
      print(r.replay)
      print(r.failure.message, r.hash, r.strayed)
    ]]
    local found = support.output_of(program:format "nil")
    local replay = ("%q"):format(found:match "[^\n]*")
    assert.equal(found, support.output_of(program:format(replay)))
  end)

  it("leaves things as they were", function()
    local clock, hook = os.clock, threading.excepthook
    failing(race)
    assert.equal(clock, os.clock)
    assert.equal(hook, threading.excepthook)
    assert.is_nil((debug.gethook()))
    assert.is_true(collectgarbage "isrunning")
    local t = threading.Thread { target = function() end }
    assert.is_true(tonumber(t.name:match "%d+") > 0)
    t:start()
    t:join()
  end)

  it("refuses what it cannot control", function()
    local event = threading.Event()
    local t = threading.Thread { target = event.wait, args = { event } }
    t:start()
    assert.error_matches(function()
      explore.run(race)
    end, "without other threads")
    event:set()
    t:join()
    local ok, err
    t = threading.Thread { target = function()
      ok, err = pcall(explore.run, race)
    end }
    t:start()
    t:join()
    assert.is_false(ok)
    assert.matches("main thread", err)
    assert.matches("within itself", failing(function()
      explore.run(race)
    end).failure.message)
  end)

  it("refuses bad arguments", function()
    for _, case in ipairs {
      { 1, nil, "'fn'" },
      { race, { schedules = 0 }, "'schedules'" },
      { race, { replay = "1:x" }, "'replay'" },
      { race, { strategy = "best" }, "'strategy'" },
      { race, { scedules = 1 }, "'scedules'" },
    } do
      assert.error_matches(function()
        explore.run(case[1], case[2])
      end, case[3])
    end
  end)

  it("raises a report", function()
    local ok, report = pcall(explore, race)
    assert.is_false(ok)
    assert.matches("^explore: schedule %d+ of 1000 fails: .*balance is.*"
      .. "THREADING_REPLAY=", report)
    assert.is_true(explore(no_race, { schedules = 3 }).ok)
  end)
end)

describe("The low-level explorer", function()
  local function one(fn, options)
    local r = _thread._explore_run(options, fn)
    r.err = not r.ok and r.value or nil
    return r
  end

  local function is_split(source)
    return source:find "explore_spec" ~= nil
  end

  it("asks a function who goes on", function()
    local asked = 0
    local r = one(race, { strategy = "ask", is_split = is_split,
      ask = function(ready)
        asked = asked + 1
        return ready[1 + asked % #ready]
      end })
    assert.is_true(asked > 10)
    assert.equal(asked, r.points)
  end)

  it("asks whether the invariant holds, where another goes on", function()
    local n = 0
    local r = one(function()
      together(function() n = 1 end, function() n = 2 end)
    end, { is_split = is_split, holds = function() return n < 2 end })
    assert.equal("invariant", r.stop)
    r = one(race, { is_split = is_split, holds = function() error "why" end })
    assert.equal("invariant", r.stop)
    assert.matches("why", r.error)
  end)

  it("deviates from the default where it is told to", function()
    local function twice()
      local n = 0
      local function add()
        n = n + 1
      end
      together(add, add)
      assert(n == 2)
    end
    local r = one(twice, { is_split = is_split, alternatives = true })
    assert.is_nil(r.err)
    local failed = 0
    for i = 1, #r.alternatives, 2 do
      for thread = 1, 3 do
        if r.alternatives[i + 1] & 1 << (thread - 1) ~= 0 then
          local d = one(twice, { is_split = is_split,
            plan = { r.alternatives[i], thread } })
          failed = failed + (d.ok and 0 or 1)
        end
      end
    end
    assert.is_true(failed > 0)
  end)

  it("splits at lines only", function()
    for seed = 1, 100 do
      local r = one(function()
        local n = 0
        together(function() n = n + 1 end, function() n = n + 1 end)
        assert(n == 2)
      end, { strategy = "random", seed = seed, is_split = is_split,
        lines = true })
      assert.is_true(r.ok)
    end
  end)

  it("lets timers fire at any point", function()
    local function timed_out(early)
      for seed = 1, 100 do
        local event, set = threading.Event(), nil
        local r = one(function()
          local t = threading.Thread { target = event.set, args = { event } }
          t:start()
          set = event:wait(1000)
          t:join()
        end, { strategy = "random", seed = seed, is_split = is_split,
          early = early })
        assert.is_true(r.ok)
        if not set then
          return true
        end
      end
      return false
    end
    assert.is_false(timed_out(false))
    assert.is_true(timed_out(true))
  end)
end)

describe("A call in a copy of the process", function()
  local apart = _thread._explore_apart

  it("gives the text that the function returns", function()
    local n = 1
    local text, code = apart(function()
      n = n + 1
      together(function() n = n + 1 end, function() n = n + 1 end)
      return ("x"):rep(100000) .. n
    end)
    assert.equal(0, code)
    assert.equal(100001, #text)
    assert.equal("4", text:sub(-1))
    assert.equal(1, n)
  end)

  it("tells how it has ended otherwise", function()
    assert.matches("oops", apart(function() error "oops" end))
    assert.equal(1, (select(2, apart(function() error "oops" end))))
    assert.equal(137, (select(2, apart(function()
      os.execute "kill -KILL $PPID"
      while true do end
    end))))
    assert.error_matches(function() apart(1) end, "fn")
  end)

  it("prints what it prints once", function()
    assert.equal("before\nin the copy\nafter\n", support.output_of [[
      local apart = require "threading._thread"._explore_apart
      print "before"
      apart(function() print "in the copy" end)
      print "after"
    ]])
  end)

  it("explores there", function()
    if support.is_instrumented "thread" then
      pending "ThreadSanitizer does not survive a fork after threads"
      return
    end
    local word = failing(race).replay
    assert.equal(word, (apart(function()
      return explore.run(race).replay
    end)))
  end)
end)
