local _thread = require "threading._thread"
local support = require "spec.support"
local threading = require "threading"
local waits = require "spec.support.waits"

-- Programs in which every thread may come to wait: the specs' own main thread
-- never does. Line 1 of such a program is line 1 of what a case writes.
local prelude = [[
  local threading, _thread = require "threading", require "threading._thread"
  local time, loops = require "threading.time", require "threading.loops"
  local function parked(t, what)
    while _thread._parked()[t.ident] ~= what do time.sleep(0) end
  end
  local function start(name, target, ...)
    local t = threading.Thread {
      name = name, target = target, args = table.pack(...),
    }
    t:start()
    return t
  end
  local function try(f, ...)
    local ok, err = pcall(f, ...)
    return not ok and tostring(err) or "no error"
  end
]]
prelude = prelude:gsub("%s+", " ")

local function run(program, options)
  return support.run(prelude .. program, options)
end

-- Runs the program, which must end well, and returns its lines. The name of
-- its file is written as FILE.
local function lines_of(program, options)
  local r = run(program, options)
  assert.equal("", r.err)
  assert.equal(0, r.code, r.out)
  local list = {}
  for line in r.out:gmatch "[^\n]+" do
    list[#list + 1] = (line:gsub("[^ ]*/lua_%w+:", "FILE:"))
  end
  return list
end

-- Each line of the program's output matches its pattern.
local function assert_lines(patterns, program, options)
  local list = lines_of(program, options)
  for i, pattern in ipairs(patterns) do
    assert.matches("^" .. pattern .. "$", list[i] or "")
  end
  assert.equal(#patterns, #list, table.concat(list, "\n"))
end

local CIRCLE <const> = "deadlock: threads wait for each other in a circle"
local ALL <const> = "deadlock: every thread waits for ever"

describe("When every thread waits for ever", function()
  it("the last one is told the circle of Locks, and the others go on",
    function()
      assert_lines({
        "FILE:9: " .. CIRCLE,
        "    MainThread waits for Lock 0x%x+ at FILE:9, held by t1",
        "    t1 waits for Lock 0x%x+ at FILE:5, held by MainThread",
        "t1 got B",
      }, [[
local a, b = threading.Lock(), threading.Lock()
b:acquire()
local t = start("t1", function()
  local _ <close> = a:guard()
  b:acquire()
  print "t1 got B"
end)
parked(t, "Lock")
print(try(function() a:acquire() end))
b:release()
t:join()
]])
    end)

  it("a thread that waits for itself is a circle", function()
    assert_lines({
      "FILE:3: deadlock: a thread waits for itself",
      "    MainThread waits for Lock 0x%x+ at FILE:3, held by MainThread",
      "    its holder cannot acquire a Lock again: use an RLock",
      "true",
    }, [[
local a = threading.Lock()
a:acquire()
print(try(function() a:acquire() end))
print(a:locked())
]])
  end)

  for name, wait in waits.each(function(it) return not it.outside end) do
    it("it happens in " .. name, function()
      local lines = lines_of(([[
local wait, object, more = require "spec.support.waits".list[%q]
start("maker", function() object, more = wait.make() end):join()
print(try(wait.call, object, nil, more))
]]):format(name))
      assert.matches("^[^ ]*%.lua:%d+: .*" .. ALL .. "$", lines[1])
      assert.matches("^    MainThread waits for "
        .. (wait.told or wait.what .. " 0x%x+") .. " at [^ ]*%.lua:%d+",
        lines[2])
      for i = 3, #lines do -- what is waited for
        assert.matches("^    Thread%-%d+ waits for Event", lines[i])
      end
    end)
  end

  it("all are told, where it is no circle", function()
    assert_lines({
      "FILE:9: " .. ALL,
      "    MainThread waits for e to end at FILE:9",
      "    e waits for Event 0x%x+ at FILE:3",
      "    c waits for Condition 0x%x+ at FILE:5",
      "true",
    }, [[
local event, condition = threading.Event(), threading.Condition()
local e = start("e", function()
  event:wait() end)
local c = start("c", function() local _ <close> = condition:guard()
  condition:wait() end)
parked(e, "Event")
parked(c, "Condition")
print(try(function()
  e:join() end))
event:set()
condition:with(condition.notify, condition)
c:join()
print(e:join())
]])
  end)

  it("uncaught in a thread, it is printed with a traceback", function()
    local r = run [[
local a = threading.Lock()
a:acquire()
local e = threading.Event()
local t = start("Waiter", function()
  parked(threading.main_thread(), "thread")
  local object = setmetatable({}, { __close = function() print "closed" end })
  local _ <close> = object; e:wait()
end)
t:join()
print "main"
]]
    assert.equal("closed\nmain\n", r.out)
    assert.equal(0, r.code)
    assert.matches("^Exception in thread Waiter:\n[^\n]*:7: " .. ALL
      .. "\n    MainThread waits for Waiter to end at [^\n]*:9\n"
      .. "    Waiter waits for Event 0x%x+ at [^\n]*:7\nstack traceback:\n",
      r.err)
  end)

  it("uncaught in the main thread, it ends the script", function()
    local r = run "threading.Event():wait()"
    assert.equal("", r.out)
    assert.equal(1, r.code)
    assert.matches(ALL, r.err, 1, true)
  end)

  it("a thread that ends tells the one that began to wait last", function()
    assert_lines({
      "FILE:4: " .. ALL,
      "    MainThread waits for Event 0x%x+ at FILE:4",
    }, [[
local t = start("t", function() parked(threading.main_thread(), "Event") end)
local e = threading.Event()
print(try(function()
  e:wait()
end))
t:join()
]])
  end)

  it("a lock whose owner has ended is told as such", function()
    for _, kind in ipairs { "Lock", "RLock" } do
      assert_lines({
        "FILE:3: " .. ALL,
        "    MainThread waits for " .. kind
          .. " 0x%x+ at FILE:3, held by a thread that has ended",
      }, ([[
local a = threading.%s()
start("t", a.acquire, a):join()
print(try(function() a:acquire() end))
]]):format(kind))
    end
  end)

  it("in the end of the program too", function()
    local r = run [[
local e = threading.Event()
start("left", function()
  e:wait()
end)
print "end of the script"
]]
    assert.equal("end of the script\n", r.out)
    assert.matches(ALL .. "\n", r.err, 1, true)
    assert.matches("left waits for Event 0x%x+ at [^\n]*:3\n", r.err)
    assert.is_truthy(r.code)
  end)

  it("daemons that wait for ever do not keep it back", function()
    assert_lines({
      "FILE:3: " .. ALL,
      "    MainThread waits for Event 0x%x+ at FILE:3",
      "    d waits for Event 0x%x+ at FILE:2",
    }, [[
local d = threading.Thread { name = "d", daemon = true, target = function()
  threading.Event():wait() end } d:start() parked(d, "Event")
print(try(function() threading.Event():wait() end))
]])
  end)

  it("is found where C waits for a lock; a thread in Lua is told", function()
    assert_lines({
      "FILE:6: " .. CIRCLE,
      "    MainThread waits for c to end at FILE:6",
      "    c waits for Lock 0x%x+ at FILE:3, held by MainThread",
      "10",
    }, [[
local a, v = threading.Lock(), threading.Value "int64"
a:acquire()
local made local t = start("c", function() made = loops.change(v, 1, 10, a) end)
-- the main thread waits first, or last: it is told in both cases
print(try(function()
  t:join()
end))
a:release()
t:join()
print(made)
]])
  end)

  it("a Condition's waiter that has no lock yet is not told, but another",
    function()
      assert_lines({
        "FILE:10: " .. CIRCLE,
        "    MainThread waits for w to end at FILE:10",
        "    w waits for RLock 0x%x+ at FILE:4, held by MainThread",
        "wait: true",
      }, [[
local condition = threading.Condition()
local t = start("w", function()
  local _ <close> = condition:guard()
  local woken = condition:wait()
  print("wait: " .. tostring(woken))
end)
parked(t, "Condition")
condition:acquire()
condition:notify()
print(try(function() t:join() end))
condition:release()
t:join()
]])
    end)

  it("the same, where the others wait already", function()
    assert_lines({
      "FILE:17: deadlock: .*",
      "    MainThread waits for .*",
      "    .*",
      "wait: false",
    }, [[
local condition, e = threading.Condition(threading.Lock()), threading.Event()
local timeout, text, t, over = 0.01
local function wait()
  local _ <close> = condition:guard()
  local woken = condition:wait(timeout)
  over = true
  if text then print("wait: " .. tostring(woken)) end
end
repeat -- with more time, if it was over before we had the lock
  timeout, over = 2 * timeout, false
  t = start("w", wait)
  repeat time.sleep(0) until over or _thread._parked()[t.ident] == "Condition"
  local ok, err = pcall(function()
    local _ <close> = condition:guard()
    -- w's timeout comes while we wait: then it waits for ever, as we do
    if not over then
      e:wait() end
  end)
  text = err
  if text then print(text) end
  t:join()
until text
]])
  end)

  it("a Condition's waiter that is told holds the lock again", function()
    assert_lines({
      "FILE:2: " .. ALL,
      "    MainThread waits for Condition 0x%x+ at FILE:2",
      "true",
    }, [[
local c = threading.Condition(threading.Lock()) c:acquire()
print(try(function() c:wait() end))
print(c:locked()) c:release()
]])
  end)

  it("after it was told, it is found again", function()
    assert_lines({ "3" }, [[
local n = 0
for _ = 1, 3 do
  if try(threading.Event().wait, threading.Event()):find "deadlock" then
    n = n + 1
  end
end
print(n)
]])
  end)

  it("a barrier that is told is broken", function()
    assert_lines({ "true" }, [[
local b = threading.Barrier(2)
try(b.wait, b)
print(b.broken)
]])
  end)
end)

describe("THREADING_DEBUG", function()
  local program = [[
local a = threading.Lock()
local c, r = threading.Condition(), threading.RLock()
a:acquire()
print(try(function() a:acquire() end))
a:release()
local _ <close> =
  a:guard()
print(try(function() a:acquire() end))
local function take(lock, done)
  lock:acquire()
  done:set()
  threading.Event():wait(1000)
end
for _, lock in ipairs { r, c } do
  local done = threading.Event()
  local t = threading.Thread { target = take, args = { lock, done } }
  t.name = "t"
  t.daemon = true
  t:start()
  done:wait()
  local s = threading.Thread { target = lock.acquire, args = { lock } }
  s.daemon = true
  s:start()
  parked(s, "RLock")
end
for line in _thread._dump():gmatch "waits for RLock[^\n]+" do print(line) end
os.exit(0, false)
]]

  it("tells where each lock was acquired", function()
    assert_lines({
      "FILE:4: .*",
      ".*, held by MainThread %(acquired at FILE:3%)",
      "    its holder cannot acquire a Lock again: use an RLock",
      "FILE:8: .*",
      ".*, held by MainThread %(acquired at FILE:7%)",
      "    its holder cannot acquire a Lock again: use an RLock",
      ".*, held by t %(acquired at FILE:10%)",
      ".*, held by t %(acquired at FILE:10%)",
    }, program, { before = "export THREADING_DEBUG=1" })
  end)

  it("nothing of it without", function()
    for _, value in ipairs { "", "0" } do
      assert.is_nil(table.concat(lines_of(program,
        { before = "export THREADING_DEBUG=" .. value })):find "acquired at")
    end
  end)
end)

-- While the specs' main thread computes or looks around.
describe("A circle of owned waits", function()
  local noting = threading.Lock()

  local function catch(errors, name, fn, ...)
    local t = threading.Thread {
      name = name,
      target = function(...)
        local ok, err = pcall(fn, ...)
        if not ok then
          local _ <close> = noting:guard()
          errors[#errors + 1] = { name = name, text = tostring(err) }
        end
      end,
      args = table.pack(...),
    }
    t:start()
    return t
  end

  it("of RLocks is told while another thread computes", function()
    local a, b, errors = threading.RLock(), threading.RLock(), {}
    local both = threading.Barrier(2)
    local function take(first, second)
      local _ <close> = first:guard()
      both:wait()
      local _ <close> = second:guard()
    end
    local t1 = catch(errors, "t1", take, a, b)
    local t2 = catch(errors, "t2", take, b, a)
    local turns = 0
    while t1:is_alive() or t2:is_alive() do
      turns = turns + 1
    end
    assert.equal(1, #errors)
    local told = errors[1].name
    local other = told == "t1" and "t2" or "t1"
    local function waiting(who, holder)
      return "\n    " .. who .. " waits for RLock 0x%x+ at [^\n]*"
        .. "deadlock_spec%.lua:%d+, held by " .. holder
    end
    assert.matches("deadlock_spec%.lua:%d+: " .. CIRCLE
      .. waiting(told, other) .. waiting(other, told) .. "$", errors[1].text)
    support.join { t1, t2 }
  end)

  it("of joins is told", function()
    local errors, threads = {}, {}
    local ready = threading.Barrier(4)
    for i = 1, 3 do
      threads[i] = catch(errors, "j" .. i, function()
        ready:wait()
        threads[i % 3 + 1]:join()
      end)
    end
    ready:wait()
    support.join(threads)
    assert.equal(1, #errors)
    local text = errors[1].text
    local _, n = text:gsub("\n    j%d waits for j%d to end at ", "")
    assert.equal(3, n)
    assert.matches(CIRCLE, text, 1, true)
  end)

  it("of RLocks and joins is told, also through a Condition's lock",
    function()
      for _, new in ipairs { threading.RLock, threading.Condition } do
        local lock, errors = new(), {}
        local taken = threading.Event()
        local waiter
        local holder = catch(errors, "holder", function()
          local _ <close> = lock:guard()
          taken:set()
          support.wait_until(function()
            return waiter
          end)
          support.wait_thread_parked(waiter, "RLock")
          waiter:join()
        end)
        taken:wait(support.PATIENCE)
        waiter = catch(errors, "waiter", function()
          local _ <close> = lock:guard()
        end)
        support.join { holder, waiter }
        assert.equal(1, #errors)
        assert.equal("holder", errors[1].name)
        assert.matches("\n    holder waits for waiter to end at [^\n]+"
          .. "\n    waiter waits for RLock 0x%x+ at [^\n]+, held by holder$",
          errors[1].text)
      end
    end)

  it("is told at each size", function()
    for n = 2, 6 do
      local locks, errors, threads = {}, {}, {}
      for i = 1, n do
        locks[i] = threading.RLock()
      end
      local ready = threading.Barrier(n)
      for i = 1, n do
        threads[i] = catch(errors, "t" .. i, function()
          local _ <close> = locks[i]:guard()
          ready:wait()
          local _ <close> = locks[i % n + 1]:guard()
        end)
      end
      support.join(threads)
      assert.equal(1, #errors)
      local _, lines = errors[1].text:gsub("\n    t%d waits for RLock", "")
      assert.equal(n, lines)
    end
  end)

  it("does not name threads that only wait for the circle", function()
    local a, b, errors = threading.RLock(), threading.RLock(), {}
    local a_taken, go = threading.Event(), threading.Event()
    local first = catch(errors, "first", function()
      local _ <close> = a:guard()
      a_taken:set()
      go:wait()
      local _ <close> = b:guard()
    end)
    a_taken:wait(support.PATIENCE)
    local outside = catch(errors, "outside", function()
      local _ <close> = a:guard()
    end)
    support.wait_thread_parked(outside, "RLock")
    local second = catch(errors, "second", function()
      local _ <close> = b:guard()
      go:set()
      local _ <close> = a:guard()
    end)
    support.join { first, second, outside }
    assert.equal(1, #errors)
    assert.is_nil(errors[1].text:find "outside")
  end)

  it("with a timeout in it is none", function()
    local a, errors = threading.RLock(), {}
    local result
    local t = catch(errors, "t", function()
      local _ <close> = a:guard()
      result = support.in_thread(a.acquire, a, true, 0.01)
    end)
    support.join(t)
    assert.same({}, errors)
    assert.is_false(result)
  end)

  it("with a cancelled thread in it is none: that one will let go",
    function()
      local a, b, errors = threading.RLock(), threading.RLock(), {}
      local _ <close> = a:guard()
      local t = catch(errors, "t", function()
        local _ <close> = b:guard()
        local _ <close> = a:guard()
      end)
      support.wait_thread_parked(t, "RLock")
      t:cancel()
      b:acquire() -- would raise
      b:release()
      support.join(t)
      assert.equal(1, #errors)
      assert.is_nil(errors[1].text:find "deadlock")
    end)

  it("with an interrupted main thread in it is none", function()
    local a, b, errors = threading.RLock(), threading.RLock(), {}
    b:acquire()
    local t = catch(errors, "t", function()
      local _ <close> = a:guard()
      support.wait_thread_parked(threading.main_thread(), "RLock")
      threading.interrupt_main()
      local _ <close> = b:guard()
    end)
    support.wait_until(function()
      return not a:acquire(false) or a:release()
    end)
    assert.equal("interrupted!", support.message(a.acquire, a))
    b:release()
    support.join(t)
    assert.same({}, errors)
  end)
end)

describe("deadlock_policy", function()
  -- A circle of Locks, while the main thread looks.
  local function circle_of_locks()
    local a, b, errors = threading.Lock(), threading.Lock(), {}
    local ready = threading.Barrier(2)
    local list, noting = {}, threading.Lock()
    for i, locks in ipairs { { a, b }, { b, a } } do
      list[i] = support.start(function()
        local ok, err = pcall(function()
          local _ <close> = locks[1]:guard()
          ready:wait()
          locks[2]:acquire()
          locks[2]:release()
        end)
        if not ok then
          local _ <close> = noting:guard()
          errors[#errors + 1] = err
        end
      end)
    end
    return list, errors, a
  end

  it("returns the one before, and refuses what it does not know", function()
    assert.equal("certain", threading.deadlock_policy())
    assert.equal("certain", threading.deadlock_policy "cycle")
    assert.equal("cycle", threading.deadlock_policy "off")
    assert.equal("off", threading.deadlock_policy(nil))
    assert.equal("off", threading.deadlock_policy "certain")
    for _, bad in ipairs { "x", "", 1, {}, true } do
      assert.is_false(pcall(threading.deadlock_policy, bad))
    end
    assert.equal("certain", threading.deadlock_policy())
  end)

  it("certain: Locks in a circle may be released by anybody", function()
    local list, errors, a = circle_of_locks()
    support.wait_parked(2, "Lock")
    a:release() -- as here
    support.wait_until(function()
      return not list[1]:is_alive() or not list[2]:is_alive()
    end)
    support.join(list)
    -- one of them has then released a lock that was free
    for _, err in ipairs(errors) do
      assert.matches("release unlocked lock", err, 1, true)
    end
  end)

  it("cycle: any circle is told at once", function()
    threading.deadlock_policy "cycle"
    local list, errors = circle_of_locks()
    support.join(list)
    threading.deadlock_policy "certain"
    assert.equal(1, #errors)
    assert.matches(CIRCLE, errors[1], 1, true)
  end)

  it("off: nothing is told", function()
    threading.deadlock_policy "off"
    local a, b = threading.RLock(), threading.RLock()
    local ready = threading.Barrier(2)
    local ended = {}
    local list = {}
    for i, locks in ipairs { { a, b }, { b, a } } do
      list[i] = support.start(function()
        ended[i] = support.message(function()
          local _ <close> = locks[1]:guard()
          ready:wait()
          local _ <close> = locks[2]:guard()
        end)
      end)
    end
    support.wait_parked(2, "RLock")
    threading.deadlock_policy "certain"
    list[1]:cancel() -- the way out
    support.join(list)
    assert.same({ "cancelled" }, ended)
  end)

  it("off: a program that waits for ever does", function()
    local r = run [[
      threading.deadlock_policy "off"
      io.write "waits"
      io.flush()
      os.execute "(sleep 0.2; kill -KILL $PPID) >/dev/null 2>&1 &"
      threading.Event():wait()
    ]]
    assert.equal("waits", r.out)
    assert.equal("", r.err)
    assert.equal(9, r.signal)
  end)
end)

describe("No deadlock is told", function()
  -- The main thread waits for ever; somebody ends that.
  local function no_alarm(program)
    assert_lines({ "ended" }, program .. "\nprint 'ended'")
  end

  it("while a thread sleeps", function()
    no_alarm [[
      local e = threading.Event()
      start("s", function() time.sleep(0.02) e:set() end)
      e:wait()
    ]]
  end)

  it("while a thread has a deadline", function()
    no_alarm [[
      local e, never = threading.Event(), threading.Event()
      local held = threading.Lock() held:acquire()
      local c = threading.Condition()
      for _, wait in ipairs {
        function() never:wait(0.01) end,
        function() held:acquire(true, 0.01) end,
        function() threading.Semaphore(0):acquire(true, 0.01) end,
        function() c:with(c.wait, c, 0.01) end,
        function()
          local b = threading.Barrier(2)
          pcall(b.wait, b, 0.01)
        end,
        function() threading.main_thread():join(0.01) end,
      } do
        e:clear()
        start("d", function() wait() e:set() end)
        e:wait()
      end
    ]]
  end)

  it("while a thread computes", function()
    no_alarm [[
      local e = threading.Event()
      start("c", function() for _ = 1, 1e6 do end e:set() end)
      e:wait()
    ]]
  end)

  it("while a thread runs C without the lock", function()
    no_alarm [[
      local e = threading.Event()
      start("c", function() loops.spin(0.02) e:set() end)
      e:wait()
      local a = threading.Lock()
      a:acquire()
      start("c", function() loops.spin(0.02) a:release() end)
      a:acquire()
    ]]
  end)

  it("while a thread is being started", function()
    no_alarm [[
      for _ = 1, 200 do
        local e = threading.Event()
        local t = start("t", e.set, e)
        e:wait()
        t:join()
      end
    ]]
  end)

  it("while a wake-up is under way", function()
    no_alarm [[
      local e, all = threading.Event(), {}
      for i = 1, 10 do all[i] = start("t", e.wait, e) end
      for i = 1, 10 do parked(all[i], "Event") end
      e:set()
      for i = 1, 10 do all[i]:join() end
    ]]
  end)

  it("while a cancellation is under way", function()
    no_alarm [[
      for _ = 1, 20 do
        local e = threading.Event()
        local t = start("t", e.wait, e)
        parked(t, "Event")
        t:cancel()
        t:join()
      end
    ]]
  end)

  it("to who joins a thread that is cancelled while it waits for us",
    function()
      no_alarm [[
        local a = threading.RLock()
        a:acquire()
        local t = start("t", a.acquire, a)
        parked(t, "RLock")
        t:cancel()
        t:join()
      ]]
    end)

  it("when threads are handed Locks, Events and Conditions, thousands of times",
    function()
      no_alarm [[
        local N, ROUNDS = 4, 1000
        local threads = {}
        -- a ring of Events
        local ring = {}
        for i = 1, N do ring[i] = threading.Event() end
        for i = 1, N do
          threads[#threads + 1] = start("e" .. i, function()
            for _ = 1, ROUNDS do
              ring[i]:wait()
              ring[i]:clear()
              ring[i % N + 1]:set()
            end
          end)
        end
        ring[1]:set()
        for _, t in ipairs(threads) do t:join() end
        -- a Condition with a turn
        threads = {}
        local c, turn = threading.Condition(), 0
        for i = 0, N - 1 do
          threads[#threads + 1] = start("c" .. i, function()
            for _ = 1, ROUNDS do
              local _ <close> = c:guard()
              c:wait_for(function() return turn == i end)
              turn = (turn + 1) % N
              c:notify_all()
            end
          end)
        end
        for _, t in ipairs(threads) do t:join() end
        -- Semaphores back and forth, and a Lock that one releases for the other
        threads = {}
        local s, l = threading.Semaphore(0), threading.Lock()
        l:acquire()
        threads[1] = start("s1", function()
          for _ = 1, ROUNDS do s:release() l:acquire() end
        end)
        threads[2] = start("s2", function()
          for _ = 1, ROUNDS do s:acquire() l:release() end
        end)
        for _, t in ipairs(threads) do t:join() end
        -- a Barrier
        threads = {}
        local b = threading.Barrier(N)
        for i = 1, N do
          threads[i] = start("b" .. i, function()
            for _ = 1, ROUNDS do b:wait() end
          end)
        end
        for _, t in ipairs(threads) do t:join() end
      ]]
    end)

  it("the same under the policy \"cycle\", with Locks taken in order",
    function()
      no_alarm [[
        threading.deadlock_policy "cycle"
        threading.setswitchinterval(5e-5)
        local locks, threads = {}, {}
        for i = 1, 4, 2 do
          locks[i], locks[i + 1] = threading.Lock(), threading.RLock()
        end
        for i = 1, 6 do
          threads[i] = start("t" .. i, function()
            for n = 1, 500 do
              local x, y = (i + n) % 4 + 1, (i * n) % 4 + 1
              if x > y then x, y = y, x end
              local _ <close> = locks[x]:guard()
              if x ~= y then
                local _ <close> = locks[y]:guard()
              end
            end
          end)
        end
        for _, t in ipairs(threads) do t:join() end
      ]]
    end)

  it("to a thread while others end", function()
    no_alarm [[
      for _ = 1, 100 do
        local e = threading.Event()
        local a = start("a", function() start("b", e.set, e) end)
        e:wait()
        a:join()
      end
    ]]
  end)

  it("by the specs of this file: nobody is left waiting", function()
    assert.same({}, _thread._parked())
  end)
end)
