local compiler = require "spec.support.compiler"
local files = require "spec.support.files"
local support = require "spec.support"

-- Only the forking thread goes on in the child, as the main thread. fork
-- comes from a C module of our own, support/forker.c.

local dir = files.folder()
compiler.module("spec/support/forker.c", dir)

local prelude = ([[
  package.cpath = "%s/?.so;" .. package.cpath
  local forker = require "forker"
]]):format(dir) .. [[
  local threading = require "threading"
  local _thread = require "threading._thread"
  local time = require "threading.time"

  local held, event = threading.Lock(), threading.Event()
  local sleeper = threading.Thread { name = "sleeper", target = function()
    held:acquire()
    event:wait()
    held:release()
  end }
  sleeper:start()
  while not next(_thread._parked()) do time.sleep(0) end
]]

local function output_of(source)
  return support.output_of(prelude .. source .. "event:set() sleeper:join()")
end

describe("fork", function()
  teardown(function()
    os.execute("rm -r " .. dir)
  end)

  it("leaves one thread in the child, the main thread", function()
    assert.equal("7\n", (output_of [[
      local function is_pid() -- as it is on Linux
        return threading.get_native_id() == forker.getpid()
      end
      local was_pid = is_pid()
      local pid = forker.fork()
      if pid == 0 then
        assert(threading.active_count() == 1)
        assert(threading.main_thread() == threading.current_thread())
        assert(is_pid() == was_pid)
        assert(not sleeper:is_alive() and sleeper:join() == true)
        assert(tostring(sleeper):find "stopped")
        forker.exit(7)
      end
      print(forker.wait(pid))
    ]]))
  end)

  it("an RWLock: those that waited are forgotten, those that hold it are not",
    function()
      assert.equal("7\n", (output_of [[
        local rw, free = threading.RWLock(), threading.RWLock()
        local function parked()
          local n = 0
          for _, what in pairs(_thread._parked()) do
            n = n + (what == "RWLock" and 1 or 0)
          end
          return n
        end
        local reads, done = threading.Event(), threading.Event()
        local reader = threading.Thread { target = function()
          local _ <close> = rw:reading()
          reads:set()
          done:wait()
        end }:start()
        reads:wait()
        local writer = threading.Thread { target = function()
          local _ <close> = rw:writing()
        end }:start()
        while parked() < 1 do time.sleep(0) end
        local pid = forker.fork()
        if pid == 0 then
          assert(rw:acquire_read(false)) -- no writer waits here
          rw:release_read()
          assert(not rw:acquire_write(false))
          assert(free:acquire_write(false))
          forker.exit(7)
        end
        print(forker.wait(pid))
        assert(not rw:acquire_read(false))
        done:set()
        reader:join()
        writer:join()
      ]]))
    end)

  it("leaves sockets, from which others received, to be used", function()
    if not pcall(require, "socket") then
      pending "needs LuaSocket"
      return
    end
    assert.equal("7\nfor the parent\n", (output_of [[
      local socket = require "threading.socket"
      local server = assert(socket.bind("127.0.0.1", 0))
      local ip, port = server:getsockname()
      local a = socket.connect(ip, port)
      local b = server:accept()
      local line
      local t = threading.Thread { target = function() line = b:receive() end }
      t:start()
      a:send "for "
      while b:getstats() < 4 or not _thread._parked()[t.ident] do
        time.sleep(0)
      end
      local pid = forker.fork()
      if pid == 0 then -- what had come is in both processes
        b:settimeout(0) -- what comes from now on is the parent's
        local _, _, partial = b:receive()
        forker.exit(partial == "for " and 7 or 1)
      end
      print(forker.wait(pid))
      a:send "the parent\n"
      t:join()
      print(line)
    ]]))
  end)

  it("leaves sockets, for which others waited, to be closed", function()
    if not pcall(require, "socket") then
      pending "needs LuaSocket"
      return
    end
    assert.equal("7\ntrue\n", (output_of [[
      local socket = require "threading.socket"
      local server = assert(socket.bind("127.0.0.1", 0))
      local result
      local t = threading.Thread { target = function()
        result = server:accept() ~= nil
      end }
      t:start()
      while not _thread._parked()[t.ident] do time.sleep(0) end
      local pid = forker.fork()
      if pid == 0 then
        server:close()
        forker.exit(server:getfd() == -1 and 7 or 1)
      end
      print(forker.wait(pid))
      local ip, port = server:getsockname()
      socket.connect(ip, port)
      t:join()
      print(result)
    ]]))
  end)

  it("leaves locks, waits and new threads whole", function()
    assert.equal("7\n", (output_of [[
      local pid = forker.fork()
      if pid == 0 then
        assert(held:locked() and not held:acquire(true, 0.001))
        held:release()
        local n = 0
        local t = threading.Thread { target = function()
          held:acquire()
          n = n + 1
          held:release()
        end }
        t:start()
        assert(t:join() and n == 1)
        time.sleep(0.001)
        forker.exit(7)
      end
      print(forker.wait(pid))
    ]]))
  end)

  it("from a thread makes that thread the main one", function()
    assert.equal("7\ntrue\n", (output_of [[
      local t = threading.Thread { target = function()
        local pid = forker.fork()
        if pid == 0 then
          assert(threading.main_thread() == threading.current_thread())
          assert(threading.active_count() == 1)
          local other = threading.Thread { target = function() end }
          other:start()
          assert(other:join())
          forker.exit(7)
        end
        print(forker.wait(pid))
      end }
      t:start()
      t:join()
      print(threading.main_thread() == threading.current_thread())
    ]]))
  end)

  it("changes nothing in the parent", function()
    assert.equal("3\ntrue\n", (output_of [[
      local computing = threading.Thread { daemon = true, target = function()
        while true do end
      end }
      computing:start()
      for _ = 1, 20 do
        local pid = forker.fork()
        if pid == 0 then forker.exit(0) end
        forker.wait(pid)
      end
      print(threading.active_count())
      print(sleeper:is_alive())
    ]]))
  end)

  it("leaves queues that other interpreters were using", function()
    assert.equal("ok\n", (output_of [[
      local interpreters = require "threading.interpreters"
      local i = interpreters.create()
      local q, used = interpreters.create_queue(), interpreters.create_queue()
      local stop = threading.Event()
      local t = i:call_in_thread(function()
        repeat
          for _ = 1, 50 do used:put(1) end
          for _ = 1, 50 do used:get() end
        until stop:is_set()
      end)
      for round = 1, 100 do
        local pid = forker.fork()
        if pid == 0 then
          used:put(2)
          local last
          while not used:empty() do last = used:get() end
          q:put "in the child"
          forker.exit(last == 2 and q:get() == "in the child" and 7 or 1)
        end
        assert(forker.wait(pid) == 7, round)
      end
      stop:set()
      t:join()
      i:close()
      print "ok"
    ]]))
  end)

  it("in a program that is explored leaves a child that is not", function()
    assert.equal("7 true\n", (support.output_of(([[
      package.cpath = "%s/?.so;" .. package.cpath
      local forker = require "forker"
      local explore = require "threading.explore"
      local threading = require "threading"
      local code
      local ok, err = pcall(explore.run, function()
        local function nothing() end
        local t = threading.Thread { target = nothing }
        t:start()
        local pid = forker.fork()
        if pid == 0 then
          local t2 = threading.Thread { target = nothing }
          t2:start()
          t2:join()
          assert(not debug.gethook())
        else
          code = forker.wait(pid)
          t:join()
        end
      end, { schedules = 1 })
      if not code then
        forker.exit(tostring(err):find "was forked" and 7 or 1)
      end
      print(code, ok)
    ]]):format(dir))):gsub("\t", " "))
  end)
end)
