local compiler = require "spec.support.compiler"
local files = require "spec.support.files"
local interpreters = require "threading.interpreters"
local support = require "spec.support"
local threading = require "threading"

-- Several Lua states that share objects: deadlocks, what is asked of a thread,
-- dumps and forks are the group's.

local dir = files.folder()
compiler.module("spec/support/forker.c", dir)

-- On one line, so that line 1 of a program is line 1 of what a case writes.
local prelude = ([[
  package.cpath = "%s/?.so;" .. package.cpath
  local threading, _thread = require "threading", require "threading._thread"
  local interpreters = require "threading.interpreters"
  local time = require "threading.time"
  local i, j = interpreters.create(), interpreters.create()
  local function give(globals)
    i:prepare_main(globals)
    j:prepare_main(globals)
  end
  give {
    package_cpath = package.cpath, a = threading.RLock(), b = threading.RLock(),
    lock = threading.Lock(), event = threading.Event(),
    started = threading.Event(), both = threading.Barrier(2),
  }
  local function start(name, target)
    local t = threading.Thread { name = name, target = target }
    t:start()
    return t
  end
  local function parked(t, what)
    while _thread._parked()[t.ident] ~= what do time.sleep(0) end
  end
  local main = threading.main_thread()
  local function run(at, code) return at:call(load(code, "=there")) end
  local function try(at, code)
    local ok, err = pcall(run, at, code)
    return ok and "no error" or (tostring(err):gsub("\nstack trace.*", ""))
  end
]]):format(dir):gsub("%s+", " ")

local function run(program)
  return support.run(prelude .. program)
end

-- The program must end well; the name of its file is written as FILE.
local function output_of(program)
  local r = run(program)
  assert.equal("", r.err)
  assert.equal(0, r.code, r.out)
  return (r.out:gsub("[^ \t\n]*/lua_%w+:", "FILE:"))
end

local CIRCLE <const> =
  "there:1: deadlock: threads wait for each other in a circle\n"
local ALL <const> = "there:1: deadlock: every thread waits for ever\n"

describe("A deadlock over interpreters", function()
  it("that all threads are in is told", function()
    assert.matches("^" .. ALL .. "    MainThread in interpreter 1 waits for "
      .. "Event 0x%x+ at there:1\n$", (output_of [[
      print(try(i, "event:wait()"))
    ]]))
  end)

  it("is told once, with the threads of both and where they wait", function()
    local out = output_of [[
      local t1 = start("t1", function()
        print(try(i, "local g <close> = a:guard() both:wait() b:acquire() "
          .. "b:release()"))
      end)
      print(try(j, "local g <close> = b:guard() both:wait() a:acquire() "
        .. "a:release()"))
      t1:join()
    ]]
    local t1 <const> = "    t1 in interpreter 1 waits for RLock 0x%x+ at "
      .. "there:1, held by MainThread\n"
    local main <const> = "    MainThread in interpreter 2 waits for RLock "
      .. "0x%x+ at there:1, held by t1\n"
    assert.matches("no error\n", out, 1, true)
    out = out:gsub("no error\n", "")
    assert.is_true(out:find("^" .. CIRCLE .. t1 .. main .. "$") == 1
      or out:find("^" .. CIRCLE .. main .. t1 .. "$") == 1, out)
  end)

  it("leads through a thread that is joined, and has entered one", function()
    local out = output_of [[
      local outer = threading.RLock()
      give { outer = outer }
      outer:acquire()
      local t = start("t", function()
        print(try(i, "outer:acquire() outer:release()"))
      end)
      parked(t, "RLock")
      print(pcall(t.join, t))
      outer:release()
    ]]
    assert.matches("^false\tFILE:%d+: deadlock: threads wait for each other in "
      .. "a circle\n    MainThread waits for t to end at FILE:%d+\n    t in "
      .. "interpreter 1 waits for RLock 0x%x+ at there:1, held by MainThread\n"
      .. "no error\n$", out)
  end)

  it("is none while a thread elsewhere can end the wait", function()
    assert.equal("had\n", (output_of [[
      local lock = threading.Lock()
      give { lock = lock }
      local t = start("t", function()
        run(i, "lock:acquire() started:set() require 'threading.time'.sleep(.1)"
          .. " lock:release()")
      end)
      run(j, "started:wait() lock:acquire() lock:release()")
      lock:acquire()
      print "had"
      t:join()
    ]]))
  end)

  it("is found when the last thread that is awake ends", function()
    assert.matches("^false\tFILE:%d+: deadlock: every thread waits for ever\n"
      .. "    MainThread waits for waiter to end at FILE:%d+\n    waiter in "
      .. "interpreter 2 waits for Lock 0x%x+ at there:1, held by a thread that "
      .. "has ended\nno error\n$", (output_of [[
      local lock = threading.Lock()
      give { lock = lock }
      local t = start("t", function()
        run(i, "lock:acquire() started:wait()")
      end)
      parked(t, "Event")
      local waiter = start("waiter", function()
        print(try(j, "lock:acquire()"))
      end)
      parked(waiter, "Lock")
      run(i, "require 'threading'.Timer(0.1, started.set, { started }):start()")
      print(pcall(waiter.join, waiter))
      lock:release()
      waiter:join()
      t:join()
    ]]))
  end)

  it("has one policy", function()
    assert.equal("off\tcertain\n", (output_of [[
      run(i, "require 'threading'.deadlock_policy 'off'")
      print(threading.deadlock_policy "certain",
        run(j, "return require 'threading'.deadlock_policy()"))
    ]]))
  end)
end)

describe("What is asked of a thread", function()
  it("reaches it in the interpreter that it has entered", function()
    for how, code in pairs {
      [""] = "started:set() event:wait(60)",
      ["{ asynchronous = true }"] = "started:set() while true do end",
    } do
      assert.equal("false\tcancelled\tcancelled\nfine\n", (output_of(([[
        local started = threading.Event()
        give { started = started }
        local ok, err
        local t = start("t", function()
          ok, err = pcall(run, i, %q)
        end)
        started:wait()
        t:cancel(%s)
        t:join()
        print(ok, tostring(err), threading.is_cancelled(err) and "cancelled")
        print(run(i, "return 'fine'"))
      ]]):format(code, how))))
    end
  end)

  it("waits while it is shielded", function()
    assert.equal("true\tfine\nfalse\tcancelled\n", (output_of [[
      local started, event = threading.Event(), threading.Event()
      give { started = started, event = event }
      local t = start("t", function()
        print(pcall(threading.shield, run, i,
          "started:set() event:wait(60) return 'fine'"))
        print(pcall(threading.checkpoint))
      end)
      started:wait()
      t:cancel()
      event:set()
      t:join()
    ]]))
  end)

  it("waits, too, when it was asked before the thread entered", function()
    assert.equal("true\tfine\nfalse\tcancelled\n", (output_of [[
      local event = threading.Event()
      local t = start("t", function()
        print(pcall(threading.shield, function()
          event:wait()
          return run(i, "return 'fine'")
        end))
        print(pcall(threading.checkpoint))
      end)
      parked(t, "Event")
      t:cancel()
      event:set()
      t:join()
    ]]))
  end)

  it("is interrupt_main's, also out of an interpreter", function()
    for _, code in ipairs {
      "started:set() event:wait(60)", "started:set() while true do end",
    } do
      local out = output_of(([[
        local t = start("t", function()
          run(j, "started:wait() require 'threading'.interrupt_main()")
        end)
        print(pcall(run, i, %q))
        t:join()
      ]]):format(code))
      assert.matches("^false\t.*interrupted!", out)
    end
    local out = output_of [[
      local t = start("t", function()
        run(j, "started:wait() require 'threading'.interrupt_main()")
      end)
      print(pcall(function() run(i, "started:set()") while true do end end))
      t:join()
    ]]
    assert.matches("^false\t.*interrupted!\n", out)
  end)

  it("is Ctrl-C's, wherever the main thread is", function()
    for _, code in ipairs {
      "started:set() event:wait(60)",
      "started:set() while true do end",
      "pcall(function() started:set() event:wait(60) end) event:wait(60)",
    } do
      local r = run(([[
        local t = threading.Thread { daemon = true, target = function()
          run(j, "started:wait() time = require 'threading.time' "
            .. "time.sleep(0.05) io.popen('kill -INT $PPID'):close()")
        end }
        t:start()
        run(i, %q)
      ]]):format(code))
      assert.equal(1, r.code)
      assert.matches("interrupted!\nstack traceback:\n", r.err)
    end
  end)

  it("is Ctrl-C's at each line of a prompt", function()
    local name = files.new(prelude .. [[
      function interrupted()
        os.execute "(sleep 0.2; kill -INT $PPID) >/dev/null 2>&1 &"
        run(i, "while true do end")
      end
    ]])
    local line <const> = "echo 'interrupted()'; "
    local out = files.shell(("{ echo 'dofile %q'; %s%s echo 'print(7)'; } | "
      .. "timeout 60 %s -i 2>&1"):format(name, line, line,
      support.lua_command()))
    os.remove(name)
    assert.equal(2, select(2, out:gsub("interrupted!\n", "")), out)
    assert.matches("7", out, 1, true)
  end)
end)

describe("A dump over interpreters", function()
  it("shows the threads of all", function()
    local out = output_of [[
      local event, started = threading.Event(), threading.Event()
      give { event = event, started = started }
      local t = start("waiter", function() run(i, "event:wait()") end)
      local busy = start("busy", function()
        run(j, "started:set() repeat until event:is_set()")
      end)
      parked(t, "Event")
      started:wait()
      threading.dump(io.stdout)
      event:set()
      t:join()
      busy:join()
    ]]
    assert.matches("^MainThread %(ident %d+, native id %d+%) running\n", out)
    assert.matches("\nwaiter %(ident %d+, native id %d+%) has entered "
      .. "interpreter 1 at FILE:%d+\nstack traceback:\n", out)
    assert.matches("\nwaiter %(ident %d+, native id %d+, in "
      .. "interpreter 1%) waits for Event 0x%x+ at there:1\nstack traceback:\n"
      .. "\t%[C%]: in [^\n]*'wait'\n\tthere:1: in main chunk\n", out)
    assert.matches("\nbusy %([^\n]*, in interpreter 2%) ready to run\n"
      .. "stack traceback:\n\t.-there:1: in main chunk\n", out)
  end)

  it("leaves out where they are, where that cannot be had in time", function()
    local out = output_of [[
      local started = threading.Event()
      give { started = started }
      local t = start("stuck", function()
        run(i, "started:set() local s = ('x'):rep(60) "
          .. "s:find(('x?'):rep(60) .. 'y')")
      end)
      started:wait()
      local go = threading.Event()
      local short = start("short", function() go:wait() end)
      parked(short, "Event")
      go:set()
      threading.dump(io.stdout)
      os.exit(0)
    ]]
    assert.matches("\nstuck %([^\n]*, in interpreter 1%) ready to run\n", out)
    assert.is_nil(out:find("there:", 1, true))
    -- Meanwhile the threads here go on, and one has ended.
    assert.is_nil(out:find("short", 1, true))
  end)
end)

describe("A fork's child", function()
  teardown(function()
    os.execute("rm -r " .. dir)
  end)

  it("has the interpreter in which its thread is, and no others", function()
    if support.is_instrumented "thread" then
      pending "ThreadSanitizer does not know that the parent's threads are gone"
      return
    end
    assert.equal("threads 1\ninterpreter 2 is closed\na deadlock\nback 5\n"
      .. "new 7\nparent 0\n", (output_of [[
      local forker = require "forker"
      local event = threading.Event()
      give { event = event, j = j }
      local t = start("t", function() run(j, "event:wait()") end)
      parked(t, "Event")
      i:exec "package.cpath = package_cpath forker = require 'forker'"
      local pid = run(i, [=[
        local pid = forker.fork()
        if pid == 0 then
          local threading = require "threading"
          local e = threading.Event()
          local t = threading.Thread { target = function() e:set() end }
          t:start()
          e:wait()
          t:join()
          print("threads " .. #threading.enumerate())
          print((select(2, pcall(j.call, j, load "return")):gsub("^.-: ", "")))
        end
        return pid
      ]=])
      if pid == 0 then
        local lock = threading.Lock()
        lock:acquire()
        local ok, err = pcall(lock.acquire, lock)
        print(err:find "deadlock" and "a deadlock" or err)
        print("back " .. run(i, "return 5"))
        local k = interpreters.create()
        print("new " .. run(k, "return 7"))
        k:close()
        i:close()
        io.stdout:flush()
        forker.exit(0)
      end
      local status = forker.wait(pid)
      print("parent " .. status)
      event:set()
      t:join()
    ]]))
  end)
end)

describe("An object that interpreters share", function()
  -- Calls code in n interpreters at the same time, each with its number `me`.
  local function in_all(n, globals, code)
    local list, threads = {}, {}
    for k = 1, n do
      list[k] = interpreters.create()
      list[k]:prepare_main(globals)
      list[k]:prepare_main { me = k, n = n }
    end
    for k = 1, n do
      threads[k] = list[k]:call_in_thread(load(code, "=there"))
    end
    support.join(threads)
    for k = 1, n do
      list[k]:close()
    end
  end

  it("is the same value when it comes back", function()
    local i <close> = interpreters.create()
    local lock = threading.Lock()
    local condition = threading.Condition(lock)
    i:prepare_main { lock = lock, condition = condition }
    local l, c = i:call(load "return lock, condition")
    assert.equal(lock, l)
    assert.equal(condition, c)
    assert.is_true(i:call(load [[
      lock:acquire()
      condition:notify()
      return not lock:acquire(false)
    ]]))
    assert.is_true(lock:locked())
    lock:release()
  end)

  it("stays, if it hangs on a Lua value, and says what to do", function()
    local i <close> = interpreters.create()
    local act = threading.Barrier(2, print)
    assert.matches("threading.Barrier cannot cross.*make it without an action",
      support.message(i.prepare_main, i, { act = act }))
    local on = threading.Condition(threading.Semaphore())
    assert.matches("threading.Condition cannot cross.*make it over a "
      .. "threading.Lock", support.message(i.prepare_main, i, { on = on }))
  end)

  for _, n in ipairs { 2, 8 } do
    it("is guarded where no global lock is, in " .. n, function()
      local rounds <const> = 8000 // n
      local sums = threading.Array("int64", 4)
      local set = threading.Event()
      in_all(n, {
        rounds = rounds, sums = sums, set = set, lock = threading.Lock(),
        again = threading.RLock(), turn = threading.Condition(),
        one = threading.Semaphore(), barrier = threading.Barrier(n),
        value = threading.Value "int64",
      }, [[
        for _ = 1, rounds do
          lock:acquire()
          sums[1] = sums[1] + 1
          lock:release()
          again:acquire()
          again:acquire()
          sums[2] = sums[2] + 1
          again:release()
          again:release()
          one:acquire()
          sums[3] = sums[3] + 1
          one:release()
          value:fetch_add(1)
        end
        for _ = 1, rounds // 10 do
          turn:acquire()
          while sums[4] % n ~= me - 1 do turn:wait() end
          sums[4] = sums[4] + 1
          turn:notify_all()
          turn:release()
          tostring(again)
        end
        for _ = 1, rounds // 10 do barrier:wait() end
        if me == 1 then set:set() end
        set:wait()
        for _ = 1, 20 do
          pcall(barrier.wait, barrier, 0.0001)
          barrier:reset()
        end
        if value.value ~= n * rounds then sums[1] = -1 end
      ]])
      assert.same({ n * rounds, n * rounds, n * rounds, rounds // 10 * n },
        sums:totable())
    end)
  end
end)
