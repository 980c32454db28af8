-- threading.explore as programs use it: strategies, options, reports, replays.

local deviations = require "threading.explore.deviations"
local explore = require "threading.explore"
local files = require "spec.support.files"
local futures = require "threading.futures"
local socket_there, socket = pcall(require, "threading.socket")
local support = require "spec.support"
local threading = require "threading"
local time = require "threading.time"
local together = require("spec.explore.support").together

local race = require("spec.explore.lost_update").wrong
local no_race = require("spec.explore.lost_update").right

-- The smallest race: one preemption suffices.
local function add_twice()
  local n = 0
  local function add()
    n = n + 1
  end
  together(add, add)
  assert(n == 2, "n is " .. n)
end

local function no_threads() end

local function failing(fn, options)
  local r = explore.run(fn, options)
  assert(not r.ok, r.report)
  return r
end

local function passing(fn, options)
  local r = explore.run(fn, options)
  assert(r.ok, r.report)
  return r
end

-- Runs a program with variables of the environment.
local function run_with(variables, program)
  return support.run(program, { before = "export " .. variables })
end

describe("A strategy of explore", function()
  for _, strategy in ipairs { "auto", "random", "pct", "systematic" } do
    it("finds a race: " .. strategy, function()
      assert.is_true(failing(add_twice, { strategy = strategy }).tried < 200)
    end)

    it("depends on the seed alone: " .. strategy, function()
      local one = failing(add_twice, { strategy = strategy, seed = 5 })
      local other = failing(add_twice, { strategy = strategy, seed = 5 })
      assert.same({ one.tried, one.replay }, { other.tried, other.replay })
    end)
  end

  it("says what was covered: auto", function()
    assert.matches("^explore: no failure in 400 schedules, and none with one "
      .. "preemption at any of %d+ points$",
      passing(require("spec.explore.account").right,
        { schedules = 400 }).report)
    assert.equal("explore: no failure in 3 schedules",
      passing(no_race, { schedules = 3 }).report)
  end)

  it("says what was covered: systematic", function()
    local function two()
      local t = threading.Thread { target = function() end }
      t:start()
      t:join()
    end
    local all = passing(two, { strategy = "systematic", bound = 1 })
    assert.matches("^explore: no failure in %d+ schedules, which are all with "
      .. "at most 1 preemptions$", all.report)
    local more = passing(two, { strategy = "systematic", bound = 2,
      schedules = 5000 })
    assert.is_true(1 < all.tried and all.tried < more.tried)
  end)

  -- Two threads of three steps: runs them as a plan says, and returns who came
  -- to each point, how often one was preempted, and the alternatives, as C.
  local function simulate(plan)
    local left, current, trace, preemptions = { 3, 3 }, 1, "", 0
    local alternatives, point = {}, 0
    while true do
      trace, point = trace .. current, point + 1
      left[current] = left[current] - 1
      local goes_on, other = left[current] > 0, 3 - current
      local next = goes_on and current or other
      if left[1] + left[2] == 0 then
        return trace, preemptions, alternatives
      end
      for i = 1, #plan, 2 do
        next = plan[i] == point and plan[i + 1] or next
      end
      if goes_on and left[other] > 0 then
        local instead = next == current and other or current
        table.insert(alternatives, point)
        table.insert(alternatives, math.mininteger | 1 << (instead - 1))
      end
      preemptions = preemptions + (goes_on and next ~= current and 1 or 0)
      current = next
    end
  end

  it("tries all schedules, each once: systematic", function()
    -- Those in which thread 1 is first, by preemptions: 1, 2, 4, 2, 1.
    for bound, expected in ipairs { 3, 7, 9, 10 } do
      local all, seen, total = deviations.all(bound), {}, 0
      local how = { plan = {} }
      repeat
        local trace, preemptions, alternatives = simulate(how.plan)
        assert.is_nil(seen[trace])
        seen[trace] = true
        assert.is_true(preemptions <= bound)
        total = total + 1
        how = all.next(alternatives)
      until not how
      assert.is_true(all.is_done())
      assert.equal(expected, total)
    end
  end)

  it("can be the program's own", function()
    local own = { started = 0 }
    function own:start(n, last)
      self.started = n
      assert(n == 1 or last.points > 0)
      return n <= 5
    end
    function own.next(_, threads, current)
      assert(type(current) == "number")
      return threads[#threads]
    end
    assert.equal(5, passing(no_race, { strategy = own }).tried)
    assert.equal(6, own.started)
    local turn = { n = 0 }
    function turn:next(threads)
      self.n = self.n + 1
      return threads[self.n % #threads + 1]
    end
    failing(race, { strategy = turn })
  end)

  it("is told what is wrong with it", function()
    assert.error_matches(function()
      explore.run(no_race, { strategy = { next = function() return 77 end } })
    end, "'next' has to return one of the threads that it is given, not 77")
    assert.error_matches(function()
      explore.run(no_race, { strategy = { next = function() error "oh" end } })
    end, "oh")
    assert.equal(1, threading.active_count())
  end)
end)

describe("A report of explore", function()
  it("shows the smallest schedule, with lines and values", function()
    local r = failing(add_twice)
    local lines = {}
    for line in r.report:gmatch "[^\n]+" do
      lines[#lines + 1] = line
    end
    assert.matches("^explore: schedule %d+ of 1000 fails: "
      .. "%S*explore_search_spec.lua:%d+: n is 1$", lines[1])
    assert.matches("^1 preemption %(shrunk from %d+ switch.* in %d+ replay",
      lines[2])
    assert.matches('^replay: THREADING_REPLAY="explore_search_spec.lua:%d+ '
      .. '1:%d+ [%d: ]+ #%x+"', lines[3])
    assert.equal("MainThread", lines[4])
    assert.matches("%S*explore_search_spec.lua:%d+   n = n %+ 1   "
      .. "<%- interrupted here; %(temporary%) = [01]", r.report)
    assert.is_nil(r.report:find("private/thread", 1, true))
  end)

  it("is the error of a call", function()
    local ok, report = pcall(explore, add_twice)
    assert.is_false(ok)
    assert.equal(failing(add_twice).report, report)
    assert.is_true(explore(no_race, { schedules = 3 }).ok)
  end)

  it("says in which thread an error was", function()
    assert.matches("fails in Thread%-1: .*oops", failing(function()
      together(function()
        error "oops"
      end)
    end).report)
  end)

  it("leaves a schedule as it was found, if that is wanted", function()
    local r = failing(race, { seed = 2, shrink = false })
    assert.is_nil(r.shrunk)
    assert.is_true(r.preemptions > failing(race, { seed = 2 }).preemptions)
  end)

  it("is of a function for a test framework", function()
    explore.test(no_race, { schedules = 3 })()
    local ok, report = pcall(explore.test(add_twice))
    assert.is_false(ok)
    assert.matches("^explore: schedule %d+", report)
    assert.error_matches(function()
      explore.test(no_race, { sede = 1 })
    end, "'sede'")
  end)
end)

describe("A replay of explore", function()
  it("is exact, 1000 times of 1000", function()
    for _, program in ipairs { race, require("spec.explore.lock_order").wrong,
      require("spec.explore.if_not_while").wrong,
      require("spec.explore.timeout_race").wrong } do
      local found = failing(program)
      for _ = 1, 250 do
        local r = failing(program, { replay = found.replay })
        assert.equal(found.hash, r.hash)
        assert.equal(found.replay, r.replay)
        assert.is_nil(r.differs)
      end
    end
  end)

  local program = [[
    local explore = require "threading.explore"
    for _, name in ipairs { "lost_update", "aba_stack", "two_stage" } do
      local r = explore.run(require("spec.explore." .. name).wrong)
      print(r.tried, r.replay, r.hash, r.differs, (r.report:gsub("\n.*", "")))
    end
  ]]

  it("is exact in another process, too", function()
    local out = support.output_of(program)
    local words = {}
    for replay in out:gmatch "%d+\t([^\t]+)[^\n]+" do
      words[#words + 1] = replay
    end
    assert.equal(3, #words)
    for i, replay in ipairs(words) do
      local r = run_with('THREADING_REPLAY="' .. replay .. '"', program)
      local n = 0
      for line in r.out:gmatch "[^\n]+" do
        n = n + 1
        if n == i then
          assert.matches("^1\t" .. replay:gsub("%p", "%%%0")
            .. "\t%-?%d+\tnil\texplore: the replay fails", line)
        end
      end
      assert.equal(3, n)
    end
  end)

  it("is of one program: others are explored as ever", function()
    local replay = failing(add_twice).replay
    local r = run_with('THREADING_REPLAY="' .. replay .. '"', program)
    assert.matches("^[2-9]", r.out)
  end)

  it("says where it leaves the recorded way", function()
    local word = failing(require("spec.explore.lock_order").wrong).replay
    local r = explore.run(add_twice, { replay = word })
    assert.matches("leaves the recorded way.*the word is of the program at "
      .. "lock_order.lua:%d+, this one is at explore_search_spec.lua:%d+",
      r.differs)
    assert.error_matches(function()
      explore(add_twice, { replay = word })
    end, "leaves the recorded way")
    local changed = false
    local function program_that_changes()
      if changed then
        changed = true
      end
      together(function()
        error "always"
      end)
    end
    word = failing(program_that_changes).replay
    changed = true
    assert.matches("the program has changed, or depends on something else",
      explore.run(program_that_changes, { replay = word }).differs)
  end)
end)

describe("An option of explore", function()
  it("is refused with what to write instead", function()
    local pool <close> = futures.ThreadPoolExecutor { max_workers = 1 }
    pool:submit(no_threads):result()
    assert.error_matches(function()
      explore.run(race)
    end, "shut pools down")
    pool:shutdown()
    for _, case in ipairs {
      { { schedule = 1 }, "unexpected keyword argument 'schedule'" },
      { { schedules = 0 }, "'schedules'.*greater than 0" },
      { { schedules = "many" }, "'schedules'.*integer expected" },
      { { seed = 1.5 }, "'seed'.*integer" },
      { { strategy = "best" }, '"auto", "random", "pct", "systematic"' },
      { { strategy = {} }, "'next%(self, threads, current%)'" },
      { { strategy = 1 }, "'strategy'" },
      { { depth = 0 }, "'depth'" },
      { { bound = -1 }, "'bound'" },
      { { max_steps = 0 }, "'max_steps'" },
      { { max_time = "1" }, "'max_time'" },
      { { max_time = -1 }, "'max_time'" },
      { { clock = "real" }, '"virtual", "explored"' },
      { { isolate = true }, "'isolate'.*\"fork\"" },
      { { split = "word" }, '"instruction", "line"' },
      { { ignore = 1 }, "'ignore'" },
      { { ignore = { "[" } }, "'ignore'" },
      { { invariant = true }, "'invariant'" },
      { { progress = 1 }, "'progress'" },
      { { shrink = 1 }, "'shrink'" },
      { { library = 1 }, "'library'" },
      { { replay = "1:x" }, "'replay'.*1:5 3:12" },
      { { replay = "" }, "'replay'" },
      { { replay = "0:1" }, "'replay'" },
      { { replay = 1 }, "'replay'.*got number" },
      { { isolate = "fork", strategy = { next = next } }, "leave one" },
      { 1, "'options'" },
    } do
      assert.error_matches(function()
        explore.run(race, case[1])
      end, case[2])
    end
    assert.error_matches(function()
      explore.run("race")
    end, "'fn'")
  end)

  it("can stand in the environment", function()
    local program = [[
      local explore = require "threading.explore"
      local r = explore.run(require("spec.explore.lost_update").right,
        { schedules = 7, seed = 8 })
      print(r.tried, r.seed)
    ]]
    local r = run_with("THREADING_EXPLORE_SCHEDULES=9 THREADING_SEED=10",
      program)
    assert.equal("9\t10\n", r.out)
    for variable, value in pairs {
      THREADING_EXPLORE_SCHEDULES = "0", THREADING_SEED = "one",
      THREADING_REPLAY = "again",
    } do
      r = run_with(variable .. "=" .. value, program)
      assert.equal("", r.out)
      assert.matches(variable .. ".*" .. value, r.err)
    end
  end)

  it("bounds the time", function()
    local before = time.monotonic()
    local r = passing(no_race, { schedules = 1000000, max_time = 0.05 })
    assert.is_true(r.tried >= 1 and r.tried < 1000000)
    assert.is_true(time.monotonic() - before < support.PATIENCE)
  end)

  it("tells of the progress", function()
    local last
    passing(no_race, { schedules = 5, progress = function(tried, schedules)
      last = tried .. " of " .. schedules
    end })
    assert.equal("5 of 5", last)
  end)

  it("asks for an invariant where another thread goes on", function()
    local a, b = 0, 0
    local function program()
      a, b = 0, 0
      together(function()
        a = a + 1
        b = b + 1
      end, function() end)
    end
    for _, invariant in ipairs {
      function() return a == b end,
      function() assert(a == b) end,
    } do
      local r = failing(program, { invariant = invariant })
      assert.equal("invariant", r.failure.kind)
      assert.matches("the invariant does not hold", r.report)
    end
    passing(program, { invariant = no_threads, schedules = 20 })
  end)

  it("lets an invariant look at all, but neither wait nor start", function()
    local lock = threading.Lock()
    local function program()
      together(function() end, function() end)
    end
    passing(program, { schedules = 20, invariant = function()
      assert(threading.current_thread():is_alive())
      assert(lock:acquire(false))
      lock:release()
    end })
    for _, invariant in ipairs {
      function() threading.Event():wait(1) end,
      function() threading.Thread { target = print }:start() end,
    } do
      local r = failing(program, { invariant = invariant })
      assert.equal("invariant", r.failure.kind)
      assert.matches("no thread can wait or start", r.report)
    end
  end)

  -- AddressSanitizer sees it.
  it("knows no lock that was freed since the search before", function()
    local function take(keep)
      return function()
        local lock = threading.Lock()
        together(function() end, function() end)
        lock:acquire()
        if not keep then lock:release() end
      end
    end
    passing(take(true), { schedules = 1 })
    collectgarbage()
    collectgarbage()
    passing(take(false), { schedules = 1 })
  end)

  it("splits between lines only", function()
    passing(add_twice, { split = "line", schedules = 300 })
    failing(require("spec.explore.account").wrong, { split = "line" })
    passing(function() -- one line that waits for another thread
      local flag = false
      together(function()
        while not flag do end
      end, function()
        flag = true
      end)
    end, { split = "line", schedules = 50 })
  end)

  it("leaves sources out", function()
    local program = require("spec.explore.lazy_init").wrong
    failing(program)
    passing(program, { ignore = { "lazy_init" }, schedules = 300 })
    passing(program, { ignore = "lazy_init", schedules = 300 })
  end)

  it("splits the library's own files", function()
    local points
    local own = { next = function(_, threads)
      return threads[1]
    end, start = function(_, n, last)
      points = last and last.points
      return n == 1
    end }
    passing(no_race, { strategy = own })
    local few = points
    passing(no_race, { strategy = own, library = true })
    assert.is_true(points > few)
  end)

  it("lets timeouts come at any point", function()
    local function program()
      local event = threading.Event()
      local t = threading.Thread { target = event.set, args = { event } }
      t:start()
      assert(event:wait(1000), "the timeout came first")
      t:join()
    end
    passing(program, { schedules = 300 })
    failing(program, { clock = "explored" })
  end)

  it("isolates schedules in processes of their own", function()
    local made = 0
    local function program()
      made = made + 1
      assert(made == 1, "made before")
      together(function() end, function() end)
    end
    passing(program, { isolate = "fork", schedules = 10 })
    assert.equal(0, made)
    assert.equal(2, failing(program).tried)
    made = 0
    local r = failing(add_twice, { isolate = "fork" })
    assert.equal(failing(add_twice).replay, r.replay)
    assert.equal(r.hash, failing(add_twice, { replay = r.replay,
      isolate = "fork" }).hash)
  end)

  it("takes the end of such a process for a failure", function()
    local r = failing(function()
      together(function() end)
      os.exit(7)
    end, { isolate = "fork" })
    assert.matches("the process has ended with status 7", r.report)
    assert.is_nil(r.replay)
  end)
end)

describe("A program that is explored", function()
  it("has threads", function()
    assert.matches("starts no thread: there is nothing to explore",
      failing(no_threads).report)
    assert.matches("sooner", failing(function()
      error "sooner"
    end).report)
  end)

  it("leaves things as they were where it is refused", function()
    local clock, hook = os.clock, threading.excepthook
    local mode = collectgarbage "incremental"
    local event = threading.Event()
    local t = support.start(event.wait, event)
    assert.error_matches(function()
      explore.run(add_twice)
    end, "without other threads")
    event:set()
    support.join { t }
    assert.equal(clock, os.clock)
    assert.equal(hook, threading.excepthook)
    assert.is_true(collectgarbage "isrunning")
    assert.equal("incremental", collectgarbage(mode))
  end)

  it("may raise any object", function()
    local object = setmetatable({}, { __tostring = error })
    local r = failing(function()
      together(function() end)
      error(object)
    end)
    assert.equal(object, r.failure.value)
    assert.matches("error object is a table value", r.report)
  end)

  it("is left by Ctrl-C", function()
    local r = support.run([[
      local explore = require "threading.explore"
      print(pcall(explore.run, require("spec.explore.lost_update").right,
        { schedules = 1 << 40, progress = function(n)
          if n == 100 then
            io.popen("kill -INT $PPID"):close()
          end
        end }))
      print(os.clock() > 0)
    ]])
    assert.matches("^false\t[^\n]*interrupted!\ntrue\n$", r.out)
  end)

  it("comes to an end", function()
    assert.matches("does not end: it has come to 1%d%d%d steps",
      failing(function()
        together(function()
          while true do end
        end)
      end, { max_steps = 1000 }).report)
  end)

  it("does not explore", function()
    assert.matches("cannot be called within itself", failing(function()
      together(function() end)
      explore.run(add_twice)
    end).report)
  end)

  it("fails by what it returns", function()
    assert.equal("false", failing(function()
      together(function() end)
      return false
    end).failure.kind)
    passing(function()
      together(function() end)
      return nil
    end, { schedules = 3 })
  end)

  it("may be in a coroutine", function()
    local result
    coroutine.wrap(function()
      result = explore.run(add_twice)
    end)()
    assert.is_false(result.ok)
  end)

  it("may have been given as an object that is called", function()
    failing(setmetatable({}, { __call = add_twice }))
  end)

  it("draws the same random numbers each time", function()
    local first
    passing(function()
      local n = math.random(1 << 40)
      first = first or n
      assert(n == first)
      together(function() end)
    end, { schedules = 20 })
  end)

  it("may use pools and queues", function()
    passing(function()
      local pool <close> = futures.ThreadPoolExecutor { max_workers = 2 }
      local sum = 0
      local calls = {}
      for i = 1, 3 do
        calls[i] = pool:submit(math.abs, -i)
      end
      for i = 1, 3 do
        sum = sum + calls[i]:result()
      end
      assert(sum == 6)
    end, { schedules = 100 })
  end)

  it("has its pools' threads named the same each time", function()
    passing(function()
      local pool <close> = futures.ThreadPoolExecutor { max_workers = 1 }
      local name = pool:submit(function()
        return threading.current_thread().name
      end):result()
      assert(name == "ThreadPoolExecutor-0_0", name)
    end, { schedules = 5 })
  end)

  it("may use kernels", function()
    local kernel = threading.kernel "int twice(int n) { return 2 * n; }"
    passing(function()
      together(function()
        assert(kernel.twice(3) == 6)
      end, function()
        assert(kernel.twice(4) == 8)
      end)
    end, { schedules = 50 })
  end)

  if socket_there then
    it("may use sockets", function()
      passing(function()
        local server = assert(socket.bind("127.0.0.1", 0))
        local _, port = server:getsockname()
        together(function()
          local client <close> = assert(server:accept())
          client:send((client:receive "*l") .. "\n")
        end, function()
          local client <close> = assert(socket.connect("127.0.0.1", port))
          client:send "hello\n"
          assert(client:receive "*l" == "hello")
        end)
        server:close()
      end, { schedules = 30 })
    end)
  end
end)

describe("lua -lthreading.explore", function()
  local function run(program, arguments, variables)
    local name = files.new(program)
    local pipe = assert(io.popen((variables or "") .. " "
      .. support.lua_command() .. " -lthreading.explore " .. name .. " "
      .. (arguments or "") .. " 2>&1"))
    local out = pipe:read "a"
    local _, _, status = pipe:close()
    os.remove(name)
    return out, status
  end

  local script = [[
    local threading = require "threading"
    count = (count or 0) + 1
    assert(... == "word" and count == 1)
    local n = 0
    local function add() n = n + 1 end
    local t = threading.Thread { target = add }
    t:start()
    add()
    t:join()
    print("n is " .. n)
    assert(n == 2, "wrong")
  ]]

  it("explores a script as it is", function()
    local out, status = run(script, "word")
    assert.equal(1, status)
    assert.matches("^explore: schedule %d+ of 1000 fails: %S+:%d+: wrong\n",
      out)
    assert.is_nil(out:find("\nn is", 1, true)) -- what it prints is not shown
    out, status = run(script:gsub("n = n %+ 1", "n = 2"), "word",
      "THREADING_EXPLORE_SCHEDULES=30")
    assert.equal(0, status)
    assert.matches("^explore: no failure in 30 schedules", out)
  end)

  it("prints where it replays", function()
    local name = files.new(script)
    local command = support.lua_command() .. " -lthreading.explore " .. name
      .. " word 2>&1"
    local pipe = assert(io.popen(command))
    local word = pipe:read("a"):match 'THREADING_REPLAY="([^"]+)"'
    pipe:close()
    pipe = assert(io.popen("THREADING_REPLAY='" .. word .. "' " .. command))
    assert.matches("^n is 1\nexplore: the replay fails", pipe:read "a")
    pipe:close()
    os.remove(name)
  end)

  it("tells of the order of locks once", function()
    local out, status = run([[
      local threading = require "threading"
      local gate, a, b = threading.Lock(), threading.Lock(), threading.Lock()
      local function both(x, y)
        local _ <close> = gate:guard()
        local _ <close> = x:guard()
        local _ <close> = y:guard()
      end
      local t = threading.Thread { target = both, args = { a, b } }
      t:start()
      both(b, a)
      t:join()
    ]], nil, "THREADING_EXPLORE_SCHEDULES=10")
    assert.equal(0, status)
    local _, n = out:gsub("threading: locks are taken in different orders", "")
    assert.equal(1, n)
  end)

  it("does nothing where a script requires it", function()
    assert.equal("true\n", support.output_of [[
      require "threading.explore"
      print(true)
    ]])
  end)
end)
