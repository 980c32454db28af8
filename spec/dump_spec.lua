local files = require "spec.support.files"
local loops = require "threading.loops"
local support = require "spec.support"
local threading = require "threading"

local HERE <const> = "[^ \n]*dump_spec%.lua:%d+"

-- What threading.dump writes.
local function dump()
  local parts = {}
  threading.dump {
    write = function(_, ...)
      for _, part in ipairs { ... } do
        parts[#parts + 1] = part
      end
    end,
  }
  return table.concat(parts)
end

-- The dump, cut into one text for each thread, by name; and the names in order.
local function dump_by_name()
  local list, names = {}, {}
  for part in (dump() .. "\n"):gmatch "(.-\n)\n" do
    local name = part:match "^(.-) %(ident "
    list[name] = part
    names[#names + 1] = name
  end
  return list, names
end

-- Starts a thread of this name that calls fn(over), where over:wait() waits
-- for the end of the case.
local function start(name, fn, over)
  local t = threading.Thread { name = name, target = fn, args = { over } }
  t:start()
  return t
end

describe("dump", function()
  it("tells name, ident, native id, and that the caller runs", function()
    local list, names = dump_by_name()
    assert.same({ "MainThread" }, names)
    local id = ("(ident %d, native id %d) running\n"):format(
      threading.get_ident(), threading.get_native_id())
    assert.equal("MainThread " .. id, list.MainThread:match "^[^\n]*\n")
    assert.matches("\nstack traceback:\n.*" .. HERE, list.MainThread)
  end)

  it("tells the threads in the order of their start, daemons as such",
    function()
      local over = threading.Event()
      local threads = {}
      for i = 1, 3 do
        threads[i] = threading.Thread {
          name = "d" .. i, daemon = i == 2, target = over.wait,
          args = { over },
        }
        threads[i]:start()
        support.wait_thread_parked(threads[i], "Event")
      end
      local list, names = dump_by_name()
      over:set()
      support.join(threads)
      assert.same({ "MainThread", "d1", "d2", "d3" }, names)
      assert.matches("^d1 %(ident %d+, native id %d+%) ", list.d1)
      assert.matches("^d2 %(ident %d+, native id %d+, daemon%) ", list.d2)
      local _, names_after = dump_by_name()
      assert.same({ "MainThread" }, names_after)
    end)

  it("tells what each waits for, where, and who has it", function()
    local over = threading.Event()
    local lock, rlock = threading.Lock(), threading.RLock()
    local condition, barrier = threading.Condition(), threading.Barrier(2)
    local semaphore = threading.Semaphore(0)
    local threads = {
      start("Holder", function()
        local _ <close> = lock:guard()
        local _ <close> = rlock:guard()
        over:wait()
      end),
    }
    support.wait_thread_parked(threads[1], "Event")
    local own = threading.Lock() -- nobody's
    own:acquire()
    support.in_thread(own.release, own)
    support.in_thread(own.acquire, own)
    for name, wait in pairs {
      Lock = function()
        lock:acquire(true, support.PATIENCE)
        lock:release()
      end,
      RLock = function()
        local _ <close> = rlock:guard()
      end,
      Left = function()
        own:acquire()
      end,
      Condition = function()
        local _ <close> = condition:guard()
        condition:wait()
      end,
      Barrier = function()
        pcall(barrier.wait, barrier)
      end,
      Semaphore = function()
        semaphore:acquire()
      end,
      Joiner = function()
        threads[1]:join()
      end,
      Sleeper = function()
        require("threading.time").sleep(1000)
      end,
    } do
      threads[#threads + 1] = start(name, wait)
      threads[name] = threads[#threads]
      support.wait_thread_parked(threads[name])
    end
    local list = dump_by_name()
    threads.Sleeper:cancel()
    over:set()
    own:release()
    condition:with(condition.notify, condition)
    barrier:abort()
    semaphore:release()
    local address = tostring(lock):match "0x%x+"
    support.join(threads)
    for name, waits in pairs {
      Holder = "Event 0x%x+ at " .. HERE,
      Lock = "Lock " .. address .. " at " .. HERE .. ", held by Holder",
      RLock = "RLock 0x%x+ at " .. HERE .. ", held by Holder",
      Left = "Lock 0x%x+ at " .. HERE .. ", held by a thread that has ended",
      Condition = "Condition 0x%x+ at " .. HERE,
      Barrier = "Barrier 0x%x+ at " .. HERE,
      Semaphore = "Semaphore 0x%x+ at " .. HERE,
      Joiner = "Holder to end at " .. HERE,
      Sleeper = "sleep at " .. HERE,
    } do
      assert.matches("^" .. name .. " %(ident %d+, native id %d+%) waits for "
        .. waits .. "\n", list[name])
      assert.matches("\nstack traceback:\n", list[name])
    end
  end)

  it("an object has the address that tostring tells", function()
    local over = threading.Event()
    local barrier = threading.Barrier(2)
    local list = {
      start("e", over.wait, over), start("b", barrier.wait, barrier),
    }
    support.wait_parked(2)
    local text = dump_by_name()
    for name, object in pairs { e = over, b = barrier } do
      assert.matches(" " .. tostring(object):match "0x%x+", text[name], 1, true)
    end
    over:set()
    barrier:wait()
    support.join(list)
  end)

  it("tells what each holds", function()
    local over = threading.Event()
    local lock, rlock = threading.Lock(), threading.RLock()
    local condition = threading.Condition(threading.Lock())
    local t = start("Holder", function()
      local _ <close> = lock:guard()
      local _ <close> = rlock:guard()
      local _ <close> = rlock:guard()
      local _ <close> = condition:guard()
      over:wait()
    end)
    support.wait_thread_parked(t, "Event")
    local list = dump_by_name()
    over:set()
    support.join(t)
    local held = {}
    for kind, address in list.Holder:gmatch "\n  holds (%u+%l*) (0x%x+)" do
      held[address] = kind
    end
    for _, it in ipairs { { lock, "Lock" }, { rlock, "RLock" } } do
      assert.equal(it[2], held[tostring(it[1]):match "0x%x+"])
    end
    local _, n = list.Holder:gsub("\n  holds ", "")
    assert.equal(3, n)
    for address in pairs(held) do -- it may hold what other specs have left
      assert.is_nil(list.MainThread:find("holds %u+%l* " .. address))
    end
  end)

  it("tells all that is held, however much", function()
    local locks = {}
    for i = 1, 30 do
      locks[i] = threading.Lock()
      locks[i]:acquire()
    end
    local text = dump_by_name().MainThread
    for _, lock in ipairs(locks) do
      assert.matches("holds Lock " .. tostring(lock):match "0x%x+", text, 1,
        true)
      lock:release()
    end
  end)

  it("shows the traceback of each thread, by function and line", function()
    local over = threading.Event()
    local function innermost()
      over:wait() -- line_of_wait
      return 1
    end
    local function outer()
      return innermost() + 1
    end
    local line = debug.getinfo(innermost, "S").linedefined + 1
    local plain = start("plain", outer)
    local wrapped = start("wrapped", function()
      coroutine.wrap(outer)()
    end)
    support.wait_parked(2, "Event")
    local list = dump_by_name()
    over:set()
    support.join { plain, wrapped }
    for _, name in ipairs { "plain", "wrapped" } do
      assert.matches("dump_spec.lua:" .. line .. ": in upvalue 'innermost'",
        list[name], 1, true)
      assert.matches("dump_spec%.lua:" .. line + 4 .. ": in function <",
        list[name])
    end
  end)

  it("tells apart who computes and who runs C without the lock", function()
    local computing, over = 0, false
    local lua = start("lua", function()
      while not over do
        computing = computing + 1
      end
    end)
    local looping
    local c = start("c", function()
      looping = true
      loops.spin()
    end)
    support.wait_until(function()
      return looping and computing > 0
        and dump_by_name().c:find("in C code without the lock", 1, true)
    end)
    local list = dump_by_name()
    over = true
    c:cancel()
    support.join { lua, c }
    assert.matches("^lua %(.-%) ready to run\n", list.lua)
    assert.matches("^c %(.-%) in C code without the lock\n", list.c)
    assert.matches("in f%l+ '[%a.]*spin'", list.c)
  end)

  it("a thread may dump itself, with whatever locks it holds", function()
    local list = support.in_thread(function()
      support.wait_thread_parked(threading.main_thread(), "thread")
      local lock = threading.Lock()
      local _ <close> = lock:guard()
      return (dump_by_name())
    end)
    assert.matches("waits for Thread%-%d+ to end at ", list.MainThread)
    local n = 0
    for name, text in pairs(list) do
      if name ~= "MainThread" then
        n = n + 1
        assert.matches("%) running\n  holds Lock 0x%x+\nstack traceback:\n",
          text)
      end
    end
    assert.equal(1, n)
  end)

  it("in a coroutine shows where that is", function()
    local function inside()
      return dump_by_name().MainThread
    end
    local line = debug.getinfo(inside, "S").linedefined + 1
    assert.matches("dump_spec.lua:" .. line, coroutine.wrap(function()
      return (inside())
    end)(), 1, true)
  end)

  it("tells what a join waits for also while that comes", function()
    for _ = 1, 20 do
      local go = threading.Event()
      local ending = start("ending", go.wait, go)
      local joiner = start("joiner", function()
        ending:join()
      end)
      support.wait_thread_parked(joiner, "thread")
      go:set()
      while joiner:is_alive() do
        local line = dump():match "\njoiner %([^)]*%) ([^\n]*)"
        if line and line:find "^waits" then
          line = line:gsub("a thread that has ended", "ending to end")
          assert.matches("^waits for ending to end at " .. HERE, line)
        end
      end
    end
  end)

  it("goes on while threads begin, wait, and end", function()
    local over, ended = false, threading.Event()
    local lock, event = threading.Lock(), threading.Event()
    local starter = support.start(function()
      while not over do
        local list = support.start_many(4, function(i)
          local _ <close> = lock:guard()
          if i % 2 == 0 then
            event:wait(0.0001)
          end
        end)
        support.join(list)
      end
      ended:set()
    end)
    for _ = 1, 200 do
      local text = dump()
      assert.matches("^MainThread %(ident ", text)
    end
    over = true
    assert.is_true(ended:wait(support.PATIENCE))
    support.join(starter)
  end)

  it("writes to stderr by default", function()
    local r = support.run "require('threading').dump()"
    assert.equal("", r.out)
    assert.equal(0, r.code)
    assert.matches("^MainThread %(ident %d+, native id %d+%) running\n"
      .. "stack traceback:\n", r.err)
  end)

  it("writes to a file", function()
    local name = os.tmpname()
    local file = assert(io.open(name, "w"))
    threading.dump(file)
    file:close()
    assert.matches("^MainThread %(", files.read_and_remove(name))
  end)

  it("writes to what has a method write only", function()
    for _, bad in ipairs { 1, "x", true, {}, print } do
      assert.matches("bad argument 'file' to 'dump'",
        support.message(threading.dump, bad), 1, true)
    end
  end)
end)

describe("dump_on_signal", function()
  -- A worker sends the signals, when the main thread is where it shall be.
  local prelude = ([[
    local threading = require "threading"
    local _thread = require "threading._thread"
    local time = require "threading.time"
    local loops = require "threading.loops"
    local main = threading.main_thread()
    local function main_waits(what)
      return function() return _thread._parked()[main.ident] == what end
    end
    local function kill(signal)
      assert(io.popen("kill -" .. signal .. " $PPID"):close())
    end
    local sender
    local function send(signal, ready, after)
      sender = threading.Thread { name = "sender", target = function()
        while not ready() do time.sleep(0) end
        kill(signal)
        if after then after() end
      end }
      sender:start()
    end
    threading.dump_on_signal "QUIT"
  ]]):gsub("%s+", " ")

  local function run(program)
    return support.run(prelude .. program)
  end

  -- How many dumps are in the text.
  local function dumps(text)
    local _, n = text:gsub("MainThread %(ident ", "")
    return n
  end

  -- The program prints "end", and dumps `n` times in between.
  local function assert_dumps(n, program, pattern)
    local r = run(program)
    assert.equal("end\n", r.out, r.err)
    assert.equal(0, r.code)
    assert.equal(n, dumps(r.err), r.err)
    if pattern then
      assert.matches(pattern, r.err)
    end
  end

  it("while the main thread waits, which it goes on doing", function()
    local cases = {
      Event = {
        "local e = threading.Event()", "e:wait()", "e:set()",
      },
      Lock = {
        "local e = threading.Lock() e:acquire()", "e:acquire()", "e:release()",
      },
      Condition = {
        "local e = threading.Condition()", "e:with(e.wait, e)",
        "e:with(e.notify, e)",
      },
      Semaphore = {
        "local e = threading.Semaphore(0)", "e:acquire()", "e:release()",
      },
      Barrier = {
        "local e = threading.Barrier(2)", "e:wait()", "e:wait()",
      },
      thread = { "", "sender:join()", "" },
      sleep = { "", "pcall(time.sleep, 1000)", "main:cancel()" },
    }
    for what, case in pairs(cases) do
      local make, wait, let_go = table.unpack(case)
      assert_dumps(1, ([[
        %s
        send("QUIT", main_waits "%s", function()
          while not main_waits "%s"() do time.sleep(0) end
          %s
        end)
        %s
        print "end"
      ]]):format(make, what, what, let_go, wait), "[^\n]+:[67]: in main chunk")
    end
  end)

  it("tells what the main thread waits for", function()
    if not io.open "/proc/self/fd/2" then
      pending "needs to read what the program has written to stderr"
      return
    end
    local r = run [[
      local lock, taken = threading.Lock(), threading.Event()
      send("QUIT", main_waits "Lock", function()
        repeat
          local file <close> = io.open "/proc/self/fd/2"
          time.sleep(0)
        until file:read "a":find "main chunk"
        lock:release()
      end)
      local holder = threading.Thread { name = "Holder", target = function()
        lock:acquire()
        taken:set()
      end }
      holder:start()
      taken:wait()
      lock:acquire()
      threading.dump()
    ]]
    assert.equal(0, r.code)
    assert.matches("^MainThread %(ident %d+, native id %d+%) "
      .. "waits for Lock 0x%x+ at [^\n]+:15, held by [^\n]+\n"
      .. "stack traceback:\n", r.err)
    -- not any more
    assert.matches("\nMainThread %(ident %d+, native id %d+%) running\n",
      r.err)
  end)

  it("while the main thread computes", function()
    assert_dumps(1, [[
      local computing, go_on
      send("QUIT", function() return computing end, function()
        go_on = true
      end)
      local function compute()
        computing = true
        while not go_on do end
      end
      compute()
      print "end"
    ]], "%) running\nstack traceback:\n")
  end)

  it("while the main thread waits for its turn to compute", function()
    assert_dumps(1, [[
      local busy, dumped = {}
      for i = 1, 3 do
        threading.Thread { target = function()
          busy[i] = true
          while not dumped do end
        end }:start()
      end
      send("QUIT", function()
        return busy[1] and busy[2] and busy[3]
      end, function()
        dumped = true
      end)
      while not dumped do end
      print "end"
    ]])
  end)

  it("while the main thread runs C without the lock, which is not cut short",
    function()
      assert_dumps(1, [[
        local value, TIMES = threading.Value "int64", 30000000
        local looping, sent
        send("QUIT", function() return looping end, function() sent = true end)
        looping = true
        repeat
          assert(loops.change(value, 1, TIMES) == TIMES)
        until sent
        print "end"
      ]])
    end)

  it("while C of the main thread waits for a lock", function()
    assert_dumps(1, [[
      local value, lock = threading.Value "int64", threading.Lock()
      lock:acquire()
      send("QUIT", main_waits "Lock", function()
        time.sleep(0.01)
        assert(main_waits "Lock"())
        lock:release()
      end)
      assert(loops.change(value, 1, 10, lock) == 10)
      print "end"
    ]])
  end)

  it("in a coroutine of the main thread", function()
    assert_dumps(1, [[
      local go_on, computing
      send("QUIT", function() return computing end, function()
        go_on = true
      end)
      coroutine.wrap(function()
        computing = true
        while not go_on do end
      end)()
      print "end"
    ]])
  end)

  it("in the end of the program, which goes on to wait", function()
    for _, leave in ipairs { "", "os.exit(0, true)" } do
      assert_dumps(1, ([[
        local woken = false
        threading.Thread { target = function()
          time.sleep(0.1)
          woken = true
          print "end"
        end }:start()
        send("QUIT", main_waits "the other threads to end")
        %s
      ]]):format(leave))
    end
  end)

  it("as often as it comes, with the threads in it", function()
    local r = run [[
      local e = threading.Event()
      local w = threading.Thread { name = "waiter", target = e.wait,
        args = { e } }
      w:start()
      while not _thread._parked()[w.ident] do time.sleep(0) end
      for _ = 1, 3 do
        send("QUIT", main_waits "thread")
        sender:join()
        time.sleep(0) -- what has arrived is served at the latest here
      end
      e:set()
      print "end"
    ]]
    assert.equal("end\n", r.out)
    assert.equal(3, dumps(r.err))
    local _, n = r.err:gsub("\nwaiter %(ident %d+, native id %d+%) "
      .. "waits for Event 0x%x+", "")
    assert.equal(3, n)
  end)

  it("knows signals by name, with SIG and without", function()
    for _, name in ipairs { "QUIT", "SIGQUIT", "USR1", "SIGUSR2", "HUP" } do
      assert_dumps(1, ([[
        threading.dump_on_signal "%s"
        send(("%s"):gsub("SIG", ""), main_waits "thread")
        sender:join()
        time.sleep(0)
        print "end"
      ]]):format(name, name))
    end
  end)

  it("refuses what is no signal, or cannot be caught", function()
    for _, bad in ipairs { "", "X", "quit it", "SIG", "KILL", "STOP" } do
      assert.is_false(pcall(threading.dump_on_signal, bad))
    end
    for _, bad in ipairs { 3, {}, true } do
      assert.matches("name: string expected",
        support.message(threading.dump_on_signal, bad), 1, true)
    end
    assert.is_false(pcall(threading.dump_on_signal))
    assert.matches("main thread", support.in_thread(support.message,
      threading.dump_on_signal, "USR1"), 1, true)
  end)
end)
