local support = require "spec.support"
local waits = require "spec.support.waits"

-- Real signals to a real `lua`. A worker of the program itself sends them,
-- when the list of parked threads says that the main thread waits.

local prelude = [[
  local threading = require "threading"
  local _thread = require "threading._thread"
  local time = require "threading.time"
  local loops = require "threading.loops"
  local main = threading.main_thread()
  local held = threading.Lock()
  held:acquire()

  -- Not os.execute: SIGINT is ignored while it waits.
  local function kill(signal)
    assert(io.popen("kill -" .. signal .. " $PPID"):close())
  end

  local function main_parked()
    local what = _thread._parked()[main.ident]
    return what
  end

  -- Sends the signals to this process once ready() is true.
  local function send(ready, ...)
    local signals = { ... }
    local t = threading.Thread { daemon = true, target = function()
      while not ready() do time.sleep(0) end
      for _, signal in ipairs(signals) do kill(signal) end
    end }
    t:start()
    return t
  end

  -- Has the program said who it waits for?
  local function is_told()
    local file <close> = io.open "/proc/self/fd/2"
    return file:read("a"):find "Ctrl%-C again"
  end

  -- The second one comes then.
  local function send_twice(ready)
    send(ready, "INT")
    send(is_told, "INT")
  end

  -- Sets the event when the program has said who it waits for.
  local function set_when_told(event)
    threading.Thread { daemon = true, target = function()
      while not is_told() do time.sleep(0) end
      event:set()
    end }:start()
  end

  local computing = false
  local worker = threading.Thread { name = "worker", target = function()
    local n = 0
    while computing ~= "over" do n = n + 1 end
    io.write "worker ended\n"
  end }

  local function is_computing()
    return computing == true
  end
]]

local function run(program, options)
  return support.run(prelude .. program, options)
end

local function output_of(program)
  return support.output_of(prelude .. program)
end

-- For what needs to read what the program has written to stderr.
local it_reads = io.open "/proc/self/fd/2" and it or pending

describe("SIGINT", function()
  for name in waits.each() do
    it("raises out of " .. name, function()
      local out = output_of(([[
        worker:start()
        local waits = require "spec.support.waits"
        local wait = waits.list[%q]
        local object, more = waits.make_elsewhere(wait)
        send(function() return main_parked() == wait.what end, "INT")
        local ok, err = pcall(wait.call, object, nil, more)
        computing = "over"
        worker:join()
        print(ok, err)
      ]]):format(name))
      assert.matches("^worker ended\nfalse\t[^\n]*interrupted!\n$", out)
    end)
  end

  it("uncaught, ends the script; threads are waited for", function()
    local r = run [[
      worker:start()
      threading.Thread { target = function()
        while main:is_alive() do time.sleep(0) end
        computing = "over"
      end }:start()
      send(main_parked, "INT")
      held:acquire()
    ]]
    assert.matches("interrupted!\nstack traceback:\n", r.err)
    assert.equal("worker ended\n", r.out)
    assert.equal(1, r.code)
  end)

  local computations = {
    ["a script that computes beside threads"] = {
      "while true do end",
      "while true do coroutine.wrap(function() end)() end",
      "local function f() return f() end f()",
      "while true do collectgarbage('step') end",
      "while true do pcall(math.abs, 1) end",
      "while true do pcall(string.rep, 'x', 1e6) end",
    },
    ["C without the lock"] = {
      "loops.spin()",
      "loops.change(threading.Value('int64', 0), 1, math.maxinteger)",
      "loops.change(threading.Value('int64', 0), 1, 10, held)",
    },
  }
  for what, codes in pairs(computations) do
    it("raises out of " .. what, function()
      for _, code in ipairs(codes) do
        local out = output_of(([[
          threading.setswitchinterval(5e-5)
          worker:start()
          send(is_computing, "INT")
          local ok, err = pcall(function()
            computing = true
            do %s end
            for _ = 1, 100 do end
          end)
          print(ok, err)
          computing = "over"
        ]]):format(code))
        assert.matches("^false\t[^\n]*interrupted!\nworker ended\n$", out)
      end
    end)
  end

  it_reads("twice ends the final wait, and stops the threads", function()
    for _, code in ipairs {
      "while true do end", "time.sleep(1000)", "held:acquire(true, 1000)",
      "loops.spin()", "while true do pcall(time.sleep, 1000) end",
    } do
      local r = run(([[
        local inside = false
        threading.Thread { target = function()
          local _ <close> = setmetatable({}, { __close = function()
            io.write "closed\n"
          end })
          inside = true
          %s
        end }:start()
        send_twice(function() return inside and main_parked() end)
      ]]):format(code))
      assert.equal("closed\n", r.out)
      assert.matches("^waiting for: Thread%-1 %(Ctrl%-C again ends it%)\n"
        .. ".*interrupted!\n", r.err)
      assert.equal(1, r.code)
    end
  end)

  it_reads("once in the final wait says who is waited for", function()
    for _, name in ipairs { "Sleeper", "%s of %d" } do
      local r = run(([[
        local go = threading.Event()
        for _, name in ipairs { %q, "Second" } do
          threading.Thread { name = name, target = function()
            go:wait()
          end }:start()
        end
        threading.Thread { daemon = true, name = "Helper", target = function()
          go:wait()
        end }:start()
        send(main_parked, "INT")
        set_when_told(go)
      ]]):format(name))
      assert.equal("waiting for: " .. name
        .. ", Second (Ctrl-C again ends it)\n", r.err)
      assert.equal("", r.out)
      assert.equal(0, r.code)
    end
  end)

  it_reads("says no more than ten names", function()
    local r = run [[
      local go = threading.Event()
      for i = 1, 12 do
        threading.Thread { name = "t" .. i, target = go.wait, args = { go } }
          :start()
      end
      send(main_parked, "INT")
      set_when_told(go)
    ]]
    assert.equal("waiting for: t1, t2, t3, t4, t5, t6, t7, t8, t9, t10 and 2 "
      .. "others (Ctrl-C again ends it)\n", r.err)
  end)

  it_reads("that has ended the script says who is waited for", function()
    local r = run [[
      local go = threading.Event()
      local sleeper = threading.Thread { name = "Sleeper", target = go.wait,
        args = { go } }
      sleeper:start()
      send(function() return main_parked() == "thread" end, "INT")
      set_when_told(go)
      sleeper:join()
    ]]
    assert.matches("interrupted!\nstack traceback:\n.*\n"
      .. "waiting for: Sleeper %(Ctrl%-C again ends it%)\n$", r.err)
    assert.equal(1, r.code)
  end)

  it_reads("again, after the script, stops the threads", function()
    for _, code in ipairs { "sleeper:join()", "error 'failed'" } do
      local r = run(([[
        local sleeper = threading.Thread { name = "Sleeper", target = function()
          local _ <close> = setmetatable({}, { __close = function()
            io.write "closed\n"
          end })
          time.sleep(1000)
        end }
        sleeper:start()
        send_twice(main_parked)
        %s
      ]]):format(code))
      assert.matches("\nwaiting for: Sleeper %(Ctrl%-C again ends it%)\n"
        .. "[^\n]*interrupted!\n$", r.err)
      assert.equal("closed\n", r.out)
      assert.equal(1, r.code)
    end
  end)

  -- lua.c's hook takes itself off, and whatever lies under it.
  it("caught, leaves the end as it is: files are open until then", function()
    for _, code in ipairs { "while true do end", "loops.spin() error()" } do
      local r = run(([[
        local name = os.tmpname()
        threading.Thread { target = function()
          local f = assert(io.tmpfile())
          while not is_computing() do time.sleep(0) end
          require "threading.os".execute("kill -INT $PPID; while kill -0 "
            .. "$PPID && test -e " .. name .. "; do :; done 2>&-")
          print(f:write "x" == f)
        end }:start()
        local ok, err = pcall(function() computing = true %s end)
        print(ok, err)
        os.remove(name)
      ]]):format(code))
      assert.matches("^false\t[^\n]*interrupted!\ntrue\n$", r.out)
      assert.equal("", r.err)
      assert.equal(0, r.code)
    end
  end)

  it_reads("twice ends the wait of threading.shutdown", function()
    local r = run [[
      worker:start()
      send_twice(main_parked)
      print(pcall(threading.shutdown))
    ]]
    assert.matches("^false\t[^\n]*interrupted!\n", r.out)
  end)

  it("never runs on a worker, which goes on computing", function()
    local out = output_of [[
      local sum, interrupted
      local t = threading.Thread { target = function()
        repeat
          computing, sum = true, 0
          for i = 1, 300000 do sum = sum + i end
        until interrupted
      end }
      t:start()
      send(function()
        return is_computing() and main_parked() == "thread"
      end, "INT")
      local ok, err = pcall(t.join, t)
      interrupted = true
      t:join()
      print(ok, err, sum)
    ]]
    assert.matches("^false\t[^\n]*interrupted!\t45000150000\n$", out)
  end)

  it("leaves no trace in what was waited for", function()
    local out = output_of [[
      worker:start()
      send(main_parked, "INT")
      pcall(held.acquire, held)
      held:release()
      print(held:acquire(false), held:acquire(false))
      held:release()
      local t = threading.Thread { target = function()
        held:acquire()
        held:release()
      end }
      t:start()
      print(t:join(30))
      print(pcall(time.sleep, 0.001))
      computing = "over"
    ]]
    assert.equal("true\tfalse\ntrue\ntrue\nworker ended\n", out)
  end)

  it("a second one ends the process, as in plain lua", function()
    local r = run [[
      worker:start()
      send(main_parked, "INT")
      pcall(held.acquire, held)
      kill "INT"
      while true do end
    ]]
    assert.equal(2, r.signal)
  end)

  it("and others go to the children that a thread starts", function()
    local r = run [[
      local t = threading.Thread { target = function()
        local p = io.popen("echo $$; exec sleep 1000")
        local child = p:read "n"
        os.execute("kill -TERM " .. child)
        print(select(2, p:close()))
        p = io.popen("trap 'exit 7' INT; echo $$; while :; do :; done")
        child = p:read "n"
        os.execute("kill -INT " .. child)
        print(select(2, p:close()))
        print(select(2, os.execute "kill -TERM $$; sleep 1000"))
      end }
      t:start()
      t:join()
    ]]
    assert.equal("signal\t15\nexit\t7\nsignal\t15\n", r.out)
  end)
end)

describe("another signal", function()
  it("ends the process as always", function()
    for name, number in pairs { TERM = 15, HUP = 1, ALRM = 14, KILL = 9 } do
      local r = run(([[
        worker:start()
        send(main_parked, "%s")
        worker:join()
      ]]):format(name))
      assert.equal(number, r.signal)
    end
  end)

  it("is ignored as always, also while the main thread waits", function()
    local r = run [[
      local signals = send(main_parked, "WINCH", "CHLD", "URG", "CONT")
      threading.Thread { daemon = true, target = function()
        signals:join()
        held:release()
      end }:start()
      print(held:acquire(true, 30))
    ]]
    assert.equal("true\n", r.out)
  end)

  it("stops and continues the process in a wait", function()
    local r = run [[
      local done = false
      threading.Thread { daemon = true, target = function()
        while not main_parked() do time.sleep(0) end
        os.execute "p=$PPID; kill -STOP $p; kill -CONT $p"
        done = true
        held:release()
      end }:start()
      print(held:acquire(true, 30), done)
    ]]
    assert.equal("true\ttrue\n", r.out)
    assert.equal("", r.err)
    assert.equal(0, r.code)
  end)

  it("sent in hundreds disturbs nothing", function()
    local out = output_of [[
      threading.setswitchinterval(5e-5)
      worker:start()
      local t = threading.Thread { target = function()
        os.execute [=[
          i=0
          while [ $i -lt 300 ]; do
            kill -URG $PPID
            kill -WINCH $PPID
            i=$((i+1))
          done
        ]=]
        computing = "over"
      end }
      t:start()
      local lock = threading.Lock()
      while computing ~= "over" do
        lock:acquire(true, 0.0001)
        lock:acquire(true, 0.0001)
        lock:release()
        time.sleep(0.0001)
      end
      t:join()
      worker:join()
    ]]
    assert.equal("worker ended\n", out)
  end)
end)

describe("interrupt_main", function()
  it("raises in the main thread, wherever it is", function()
    for _, code in ipairs {
      "held:acquire()", "time.sleep(1000)", "while true do end",
      "coroutine.wrap(function() while true do end end)()", "loops.spin()",
    } do
      local out = output_of(([[
        local ready = false
        threading.Thread { daemon = true, target = function()
          while not ready do time.sleep(0) end
          threading.interrupt_main()
        end }:start()
        print(pcall(function()
          ready = true
          %s
          for _ = 1, 100 do end
        end))
        print(pcall(time.sleep, 0))
      ]]):format(code))
      assert.matches("^false\t[^\n]*interrupted!\ntrue\n$", out)
    end
  end)

  it("raises after a finaliser whose wait it has ended", function()
    local out = output_of [[
      threading.Thread { daemon = true, target = function()
        while main_parked() ~= "Lock" do time.sleep(0) end
        threading.interrupt_main()
      end }:start()
      print(pcall(function()
        setmetatable({}, { __gc = function() held:acquire() end })
        collectgarbage()
        for _ = 1, 1e8 do end
      end))
      print(pcall(time.sleep, 0))
    ]]
    assert.matches("^false\t[^\n]*interrupted!\ntrue\n$", out)
  end)
end)
