local compiler = require "spec.support.compiler"
local files = require "spec.support.files"
local support = require "spec.support"
local waits = require "spec.support.waits"

-- How a program ends while threads live. Each case is a program of its own.

-- Four threads that go on when the main chunk is done, each writing to a file
-- that it opens itself; the last one starts a fifth. Nothing is closed.
local writers = [[
  local threading = require "threading"
  local time = require "threading.time"
  local names = { table.unpack(arg) }
  local function write(i)
    local f = assert(io.open(names[i], "w"))
    _G["file" .. i] = f
    for n = 1, 50 do
      time.sleep(0)
      assert(f:write(n, "\n"))
      local garbage = {}
      for k = 1, 20 do
        garbage[k] = { k }
      end
    end
    if i == 4 then
      threading.Thread { target = write, args = { 5 } }:start()
    end
  end
  for i = 1, 4 do
    threading.Thread { target = write, args = { i } }:start()
  end
]]

local whole = {}
for n = 1, 50 do
  whole[n] = n .. "\n"
end
whole = table.concat(whole)

-- Runs writers .. ending; returns the result and what is in the files.
local function run_writers(ending, options)
  options = options or {}
  options.args = {}
  for i = 1, 5 do
    options.args[i] = os.tmpname()
  end
  local result = support.run(writers .. (ending or ""), options)
  local contents = {}
  for i, name in ipairs(options.args) do
    contents[i] = files.read_and_remove(name)
  end
  return result, contents
end

local function all_written(ending, options)
  local result, contents = run_writers(ending, options)
  for i = 1, 5 do
    assert.equal(whole, contents[i])
  end
  return result
end

-- Runs `lua ARGS` with `input` as its standard input.
local function lua(args, input)
  local name, out = files.new(input or ""), os.tmpname()
  local command = ("timeout -s KILL 300 %s %s <%s >%s 2>&1"):format(
    support.lua_command(), args, name, out)
  local _, how, code = os.execute(command)
  os.remove(name)
  return files.read_and_remove(out), how == "exit" and code
end

describe("at the end of the script", function()
  it("threads are waited for, and their files are open", function()
    local r = all_written()
    assert.equal("", r.err)
    assert.equal(0, r.code)
  end)

  for _, ending in ipairs {
    "return", "return 1", "return tostring(1)",
    "return (function() return 1 end)()",
    "return (function(f) return f() end)(function() return 1 end)",
    "return coroutine.wrap(function() return 1 end)()",
    "do local _ <close> = setmetatable({}, { __close = print }) return end",
    "threading.shutdown()",
    "local stop = require 'threading'.shutdown; stop() return stop()",
  } do
    it("also where it ends with: " .. ending, function()
      local r = all_written(ending)
      assert.equal("", r.err)
      assert.equal(0, r.code)
    end)
  end

  it("also after an error in the main chunk", function()
    local r = all_written "error 'oh'"
    assert.equal(1, r.code)
    assert.matches(": oh\nstack traceback:\n", r.err)
  end)

  it("also after an error object", function()
    local r = all_written [[
      error(setmetatable({}, { __tostring = function() return "obj" end }))
    ]]
    assert.equal(1, r.code)
    assert.matches(": obj\n", r.err)
  end)

  it("also where the collector is stopped or aggressive", function()
    for _, gc in ipairs {
      "collectgarbage 'stop'", "collectgarbage 'generational'",
      "collectgarbage('incremental', 1, 1000)",
    } do
      assert.equal(0, all_written(gc).code)
    end
  end)

  it("threads that threads start then are waited for too", function()
    local r = support.run [[
      local threading = require "threading"
      local function chain(n)
        if n == 0 then
          return io.write "end of the chain\n"
        end
        threading.Thread { target = chain, args = { n - 1 } }:start()
      end
      chain(30)
    ]]
    assert.equal("end of the chain\n", r.out)
    assert.equal("", r.err)
    assert.equal(0, r.code)
  end)

  it("an error in a thread is told, and changes nothing else", function()
    local r = all_written [[
      threading.Thread { name = "Bad", target = function()
        error "bad"
      end }:start()
    ]]
    assert.equal(0, r.code)
    assert.matches("Exception in thread Bad:\n[^\n]*: bad\nstack traceback:",
      r.err)
  end)

  it("finalisers and variables of the script come after the threads",
    function()
      local r = support.run [[
        local threading = require "threading"
        local lock = threading.Lock()
        lock:acquire()
        threading.Thread { target = function()
          lock:acquire()
          print "thread"
        end }:start()
        local meta = { __gc = function() print "finaliser" end }
        KEPT = setmetatable({}, meta)
        lock:release()
      ]]
      assert.equal("thread\nfinaliser\n", r.out)
    end)

  -- The sentinel that their start makes is never finalised.
  it("threads that a finaliser starts at the very end end, too", function()
    local r = support.run [[
      local threading = require "threading"
      local time = require "threading.time"
      KEPT = setmetatable({}, { __gc = function()
        print "finaliser"
        threading.Thread { target = time.sleep, args = { 1000 },
          daemon = true }:start()
        threading.Thread { target = print, args = { "thread" } }:start()
      end })
    ]]
    assert.equal("", r.err)
    assert.equal("finaliser\nthread\n", r.out)
  end)
end)

-- The Lua state is being closed: a thread may be refused, but clearly.
describe("a thread that a finaliser starts", function()
  local start = [[
    local function start()
      print(pcall(function()
        local t = threading.Thread { target = print, args = { "ran" } }
        t:start()
        t:join()
      end))
    end
  ]]

  it("runs, whatever was finalised before", function()
    local r = support.run(start .. [[
      threading = require "threading"
      require "threading.futures"
      require "threading.queue"
      setmetatable({}, { __gc = start })
    ]])
    assert.equal("", r.err)
    assert.equal("ran\ntrue\n", r.out)
  end)

  it("is refused where the threads have been waited for", function()
    local r = support.run(start .. [[
      threading = require "threading"
      KEPT = setmetatable({}, { __gc = start })
      local t = threading.Thread { target = print, args = { "first" } }
      t:start()
      t:join()
    ]])
    assert.equal("", r.err)
    assert.matches("^first\nfalse\t[^\n]*"
      .. "can't create new thread at interpreter shutdown\n$", r.out)
  end)

  it("is refused where the library is gone, as is all of it", function()
    local r = support.run(start .. [[
      KEPT = setmetatable({}, { __gc = function()
        start()
        print(pcall(threading.current_thread))
        package.loaded["threading._thread"] = nil
        print(pcall(require, "threading._thread"))
      end })
      threading = require "threading"
    ]])
    assert.equal("", r.err)
    local _, n = r.out:gsub("false\t[^\n]*the Lua state is being closed", "")
    assert.equal(3, n, r.out)
  end)
end)

describe("os.exit", function()
  it("with close waits for the threads", function()
    local r = all_written "os.exit(0, true)"
    assert.equal("", r.err)
    assert.equal(0, r.code)
    assert.equal(3, all_written("os.exit(3, true)").code)
    assert.equal(0, all_written("os.exit(true, true)").code)
    assert.equal(1, all_written("os.exit(false, true)").code)
  end)

  it("without it ends the process at once", function()
    local r = support.run [[
      local threading = require "threading"
      threading.Thread { target = function()
        require "threading.time".sleep(1000)
      end }:start()
      os.exit(3)
    ]]
    assert.equal(3, r.code)
    assert.equal("", r.err)
  end)

  it("works in a coroutine", function()
    local r = all_written "coroutine.wrap(os.exit)(4, true)"
    assert.equal(4, r.code)
    assert.equal("", r.err)
  end)

  for _, state in ipairs {
    "computes", "waits for a lock", "joins", "is at its end",
  } do
    local main = {
      ["computes"] = "while true do end",
      ["waits for a lock"] = [[
        local lock = threading.Lock()
        lock:acquire()
        lock:acquire()
      ]],
      ["joins"] = "t:join()",
      ["is at its end"] = "",
    }
    local program = [[
      local threading = require "threading"
      local time = require "threading.time"
      local t = threading.Thread { target = function()
        for _ = 1, 20 do time.sleep(0) end
        io.write "written"
        %s
      end }
      t:start()
      %s
    ]]

    it("from a thread ends the process, while the main one " .. state,
      function()
        local r = support.run(program:format("os.exit(5)", main[state]))
        assert.equal(5, r.code)
        assert.equal("written", r.out)
        assert.equal("", r.err)
      end)

    it("with close from a thread, while the main one " .. state, function()
      local r = support.run(program:format("os.exit(5, true)", main[state]))
      assert.equal(5, r.code)
      assert.equal("written", r.out)
      assert.equal("", r.err)
    end)
  end

  it("with close from a thread waits for the others", function()
    local r = all_written [[
      threading.Thread { target = function()
        os.exit(6, true)
      end }:start()
    ]]
    assert.equal(6, r.code)
    assert.equal("", r.err)
  end)
end)

-- Others are in the way of the end: its status is that of the first os.exit all
-- the same, and nothing is said.
describe("os.exit with close", function()
  local prelude = [[
    local threading = require "threading"
    local queue = require "threading.queue"
    local _thread = require "threading._thread"
    local time = require "threading.time"
    local function start(fn, daemon)
      local t = threading.Thread { target = fn, daemon = daemon or false }
      t:start()
      return t
    end
    local function wait_parked(t, what)
      while true do
        local it = _thread._parked()[t.ident]
        if it and (not what or it == what) then break end
        time.sleep(0)
      end
    end
    local EXIT <const> = "the other threads to end"
  ]]

  local function ends_with(status, program, out)
    local r = support.run(prelude .. program)
    assert.equal("", r.err)
    assert.equal(out or "", r.out)
    assert.equal(status, r.code)
  end

  -- name -> what makes `waiter`, a thread that waits.
  local bodies = {
    ["for a Lock of a thread that has ended"] = [[
      local lock = threading.Lock()
      start(function() lock:acquire() end):join()
      local waiter = start(function() lock:acquire() end)
    ]],
    ["for itself"] = [[
      local waiter = start(function()
        local lock = threading.Lock()
        lock:acquire()
        lock:acquire()
      end)
    ]],
    ["for the thread that ends"] = [[
      local waiter = start(function()
        while not EXITS do time.sleep(0) end
        EXITS:join()
      end)
    ]],
  }
  for name in waits.each() do
    bodies["in " .. name] = ([[
      local wait = require "spec.support.waits".list[%q]
      local object, more = wait.make()
      local waiter = start(function()
        wait.call(object, nil, more)
      end, wait.outside) -- the end of another than a daemon is waited for
    ]]):format(name)
  end

  for name, body in pairs(bodies) do
    body = body .. [[
      local function quit()
        EXITS = threading.current_thread()
        wait_parked(waiter)
        os.exit(3, true)
      end
    ]]

    it("from a thread, while another waits " .. name, function()
      ends_with(3, body .. "start(quit)")
      ends_with(3, body .. "start(quit) threading.Event():wait()")
      ends_with(3, body .. "threading.deadlock_policy 'off' start(quit)")
    end)

    it("from the main thread, while another waits " .. name, function()
      ends_with(3, body .. "quit()")
      ends_with(3, body .. "threading.deadlock_policy 'off' quit()")
    end)
  end

  it("while others only begin to wait", function()
    local body = [[
      local quitter
      local function waiter()
        while not quitter do time.sleep(0) end
        wait_parked(quitter, EXIT)
        threading.Event():wait()
      end
      for _ = 1, 3 do start(waiter) end
      local function quit()
        quitter = threading.current_thread()
        os.exit(4, true)
      end
    ]]
    ends_with(4, body .. "start(quit)")
    ends_with(4, body .. "quit()")
    ends_with(4, body .. "start(quit) waiter()")
  end)

  it("waits for those that do end", function()
    ends_with(5, [[
      start(function() threading.Event():wait() end)
      local lock = threading.Lock():guard()
      local quitter = start(function() os.exit(5, true) end)
      start(function()
        wait_parked(quitter, EXIT)
        lock:release()
        for _ = 1, 100 do time.sleep(0) end
        io.write "ended"
      end)
    ]], "ended")
  end)

  it("of several threads at once is that of one", function()
    ends_with(7, [[
      local b = threading.Barrier(4)
      for _ = 1, 4 do
        start(function()
          b:wait()
          os.exit(7, true)
        end)
      end
    ]])
  end)

  local seconds = {
    ["another thread"] = "start(function() %s end)",
    ["a daemon"] = "start(function() %s end, true)",
    ["the main thread"] = "%s",
  }
  for name, second in pairs(seconds) do
    it("is the first one's, where " .. name .. " comes second", function()
      local r = support.run(prelude .. [[
        start(function() threading.Event():wait() end)
        local first = start(function()
          local _ <close> = setmetatable({}, { __close = function()
            io.write "never"
          end })
          os.exit(7, true)
        end)
      ]] .. second:format([[
        wait_parked(first, EXIT)
        local _ <close> = setmetatable({}, { __close = function()
          io.write "closed"
        end })
        os.exit(8, true)
      ]]))
      assert.equal("", r.err)
      assert.equal(7, r.code)
      if name ~= "the main thread" then -- its variables are lua_close's
        assert.equal("closed", r.out)
      end
    end)
  end

  it("of a second thread that catches its end", function()
    ends_with(7, [[
      local first
      start(function()
        while not first do time.sleep(0) end
        wait_parked(first, EXIT)
        while true do pcall(os.exit, 8, true) end
      end)
      first = start(function() os.exit(7, true) end)
    ]])
  end)

  it("is not the script's, which fails meanwhile", function()
    local r = support.run(prelude .. [[
      start(function() threading.Event():wait() end)
      local first = start(function() os.exit(7, true) end)
      wait_parked(first, EXIT)
      error "oh"
    ]])
    assert.matches("oh\nstack traceback", r.err)
    assert.equal(7, r.code)
  end)

  it("is that of a later one, where the first is cancelled", function()
    ends_with(9, [[
      local event, first = threading.Event()
      start(function()
        while not first do time.sleep(0) end
        wait_parked(first, EXIT)
        first:cancel()
        first:join()
        event:set()
      end)
      first = start(function() os.exit(7, true) end)
      event:wait()
      os.exit(9, true)
    ]])
  end)

  for _, call in ipairs { "os.exit(7, true)", "threading.shutdown()" } do
    it("is not that of " .. call .. " which is cancelled", function()
      ends_with(0, ([[
        local quitter
        local worker = start(function()
          while not quitter do time.sleep(0) end
          wait_parked(quitter, EXIT)
          quitter:cancel()
          quitter:join()
          for _ = 1, 100 do time.sleep(0) end
          io.write "worked"
        end)
        quitter = start(function() %s end)
      ]]):format(call), "worked")
    end)
  end

  it("goes on at once where the main thread is interrupted", function()
    local r = support.run(prelude .. [[
      local first
      start(function()
        while not first do time.sleep(0) end
        wait_parked(first, EXIT)
        wait_parked(threading.main_thread(), EXIT)
        threading.interrupt_main()
        while true do end
      end)
      first = start(function() os.exit(7, true) end)
    ]])
    assert.matches("interrupted!", r.err)
    assert.equal(7, r.code)
  end)

  it("leaves a deadlock without it an error", function()
    local r = support.run(prelude .. [[
      local t = start(function() threading.Event():wait() end)
      wait_parked(t)
    ]])
    assert.matches("deadlock", r.err)
    assert.equal(1, r.code)
  end)
end)

describe("lua", function()
  local program = [[
    local threading = require 'threading'
    local lock = threading.Lock()
    lock:acquire()
    threading.Thread { target = function()
      lock:acquire()
      io.write 'ended'
    end }:start()
    lock:release()
  ]]

  local oneline = program:gsub("%s+", " ")

  it("-e waits for threads", function()
    local out, code = lua('-e "' .. oneline .. '"')
    assert.equal("ended", out)
    assert.equal(0, code)
  end)

  it("-e of several pieces goes on to the next at once", function()
    local out, code = lua(([[-e "%s" -e "io.write 'next '; go = true"]]):format(
      (oneline:gsub("lock:acquire%(%) io", "while not go do end io"))))
    assert.equal("next ended", out)
    assert.equal(0, code)
  end)

  it("with a program on its standard input waits for threads", function()
    for _, args in ipairs { "-", "" } do
      local out, code = lua(args, program)
      assert.equal("ended", out)
      assert.equal(0, code)
    end
  end)

  -- The other thread asks the main one, which reads a line, for nothing:
  -- Valgrind lets readline's pselect fail where a signal interrupts it.
  it("-i waits at its end, not after each line", function()
    local out, code = lua("-i", table.concat({
      "threading = require 'threading'",
      "threading.setswitchinterval(60)",
      "t = threading.Thread { target = function()",
      "  while not go do end",
      "  io.write '(ended)'",
      "end }",
      "t:start()",
      "print('alive', t:is_alive())",
      "go = true",
    }, "\n") .. "\n")
    assert.matches("alive\ttrue", out)
    assert.matches("%(ended%)", out)
    assert.equal(0, code)
  end)

  it("-l threading", function()
    local out, code = lua('-l threading -e "' .. oneline .. '"')
    assert.equal("ended", out)
    assert.equal(0, code)
  end)

  it("-W and other options before the script", function()
    local name = files.new(program .. "return print(...)")
    local out, code = lua("-W -- " .. name .. " a b")
    os.remove(name)
    assert.matches("^a\tb\nended$", out)
    assert.equal(0, code)
  end)
end)

describe("daemon threads", function()
  -- What each is doing when the script ends.
  local doings = {
    ["computes"] = "while true do end",
    ["computes in a coroutine"] =
      "coroutine.wrap(function() while true do end end)()",
    ["catches all errors"] = "while true do pcall(error, 'x') end",
    ["catches its own end"] = [[
      while true do
        pcall(function() while true do end end)
      end
    ]],
    ["sleeps"] = "time.sleep(1000)",
    ["catches errors, and sleeps"] =
      "while true do pcall(time.sleep, 1000) end",
    ["waits for a lock"] = "held:acquire()",
    ["waits in a coroutine"] =
      "coroutine.wrap(function() held:acquire() end)()",
    ["joins the main thread"] = "threading.main_thread():join()",
    ["is in C"] = "loops.spin()",
    ["is in C, under a line hook"] =
      "debug.sethook(rawequal, 'l') loops.spin()",
    ["catches errors, in C"] = "while true do pcall(loops.spin) end",
    ["starts threads"] = [[
      while true do
        local t = threading.Thread { target = function() end }
        t:start()
        t:join()
      end
    ]],
    ["collects garbage"] = "while true do collectgarbage() end",
  }

  for doing, code in pairs(doings) do
    it("one that " .. doing .. " is stopped, its variables closed", function()
      local r = support.run(([[
        local threading = require "threading"
        local time = require "threading.time"
        local loops = require "threading.loops"
        local held = threading.Lock()
        held:acquire()
        local inside = false
        local t = threading.Thread { daemon = true, target = function()
          local _ <close> = setmetatable({}, { __close = function()
            local sum = 0
            for i = 1, 10000 do sum = sum + i end
            io.write("closed ", sum, "\n")
          end })
          inside = true
          %s
        end }
        t:start()
        while not inside do time.sleep(0) end
        io.write "script ends\n"
      ]]):format(code))
      assert.equal("script ends\nclosed 50005000\n", r.out)
      assert.equal("", r.err)
      assert.equal(0, r.code)
    end)
  end

  it("many are stopped", function()
    local r = support.run [[
      local threading = require "threading"
      local time = require "threading.time"
      local inside = {}
      for i = 1, 100 do
        threading.Thread { daemon = true, target = function()
          local _ <close> = setmetatable({}, { __close = function()
            io.write "closed "
          end })
          inside[i] = true
          if i % 2 == 0 then time.sleep(1000) end
          while true do pcall(error) end
        end }:start()
      end
      for i = 1, 100 do
        while not inside[i] do time.sleep(0) end
      end
    ]]
    assert.equal("", r.err)
    assert.equal(0, r.code)
    assert.equal(("closed "):rep(100), r.out)
  end)

  it("they are stopped after the others have ended", function()
    local r = support.run [[
      local threading = require "threading"
      local time = require "threading.time"
      local lock = threading.Lock()
      lock:acquire()
      threading.Thread { daemon = true, target = function()
        time.sleep(0.01)
        lock:release() -- what the other waits for, after the script's end
        time.sleep(1000)
      end }:start()
      threading.Thread { target = function()
        lock:acquire()
        io.write "served"
      end }:start()
    ]]
    assert.equal("served", r.out)
    assert.equal("", r.err)
    assert.equal(0, r.code)
  end)

  it("no thread can be started any more", function()
    local r = support.run [[
      local threading = require "threading"
      local inside = false
      threading.Thread { daemon = true, target = function()
        local _ <close> = setmetatable({}, { __close = function()
          local ok, err = pcall(function()
            threading.Thread { target = print }:start()
          end)
          io.write(tostring(ok), " ", tostring(err):match "can't.*")
        end })
        inside = true
        while true do end
      end }:start()
      while not inside do end
    ]]
    assert.equal("false can't create new thread at interpreter shutdown", r.out)
    assert.equal(0, r.code)
  end)
end)

describe("a host", function()
  local source = [[
    #include <lauxlib.h>
    #include <lualib.h>
    #include <dirent.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>
    #include <unistd.h>

    static int tasks(void) {
      int n = 0;
      DIR *d = opendir("/proc/self/task");
      struct dirent *e;
      if (!d) return 1;
      while ((e = readdir(d)) != NULL) n += e->d_name[0] != '.';
      closedir(d);
      return n;
    }

    /* A thread that has been joined is listed for a moment more. */
    static int settles(int n) {
      int i;
      for (i = 0; tasks() != n && i < 10000; i++) usleep(1000);
      return i < 10000;
    }

    static long resident(void) {
      long size = 0, pages = 0;
      FILE *f = fopen("/proc/self/statm", "r");
      if (f && fscanf(f, "%ld %ld", &size, &pages) != 2) pages = 0;
      if (f) fclose(f);
      return pages * (sysconf(_SC_PAGESIZE) / 1024);
    }

    static void run(const char *script) {
      lua_State *L = luaL_newstate();
      luaL_openlibs(L);
      if (luaL_dostring(L, script) != LUA_OK) {
        puts(lua_tostring(L, -1));
        exit(2);
      }
      lua_close(L);
    }

    int main(int argc, char **argv) {
      int states = atoi(argv[1]), before_all = tasks(), i;
      long before = 0;
      (void)argc;
      for (i = 0; i < states; i++) {
        run(argv[2]);
        if (i == states / 3) before = resident();
        if (!settles(before_all)) return 3;
      }
      printf("grown by %ld KiB\n", resident() - before);
      return 0;
    }
  ]]

  local host

  setup(function()
    local name = os.tmpname()
    files.write(name .. ".c", source)
    host = compiler.host(name .. ".c", name, "-O1")
    os.remove(name .. ".c")
    if not host then
      os.remove(name)
    end
  end)

  teardown(function()
    if host then
      os.remove(host)
    end
  end)

  local function run(states, script)
    if support.is_instrumented "thread" then
      pending "the sanitizer's own thread is counted"
      return
    end
    if not host then
      pending "no C compiler, or no Lua library to link"
      return
    end
    local environment = support.lua_command():match "^(env .-) %S+$"
    local file = files.new(script)
    local out, ok, code = files.shell(
      '%s MALLOC_PERTURB_=165 timeout -s KILL 300 %s %d "$(cat %s)"',
      environment, host, states, file)
    os.remove(file)
    if out:find "runtime does not come first" then
      pending "a sanitizer wants a host that is instrumented, too"
      return
    end
    local told = out:gsub("grown by.*", "")
    assert.equal("", told)
    assert.is_true(ok, code)
    return tonumber(out:match "grown by (%-?%d+)")
  end

  local threads = [[
    local threading = require "threading"
    local time = require "threading.time"
    local lock = threading.Lock()
    lock:acquire()
    for i = 1, 3 do
      threading.Thread { daemon = i == 1, target = function()
        local co = coroutine.wrap(function() lock:acquire() end)
        co()
        lock:release()
        if i == 1 then while true do time.sleep(1000) end end
        if i == 2 then error({}) end
      end }:start()
    end
    threading.excepthook = function() end
    lock:release()
  ]]

  it("opens and closes a hundred states, and no thread is left", function()
    run(100, threads .. "threading.shutdown()")
  end)

  it("may forget to shut down", function()
    run(100, threads)
  end)

  -- lua_close finalises what is young before the threads are stopped.
  it("may close a state whose threads wait for objects of their own", function()
    run(20, [[
      local _thread = require "threading._thread"
      local threading = require "threading"
      local waits = {
        function()
          local lock = threading.Lock()
          lock:acquire()
          lock:acquire()
        end,
        function()
          local condition = threading.Condition()
          condition:acquire()
          condition:wait()
        end,
        function() threading.Barrier(2):wait() end,
        function() threading.Semaphore(0):acquire() end,
        function() threading.Event():wait() end,
      }
      for _, wait in ipairs(waits) do
        threading.Thread { target = wait, daemon = true }:start()
      end
      local n
      repeat
        n = 0
        for _ in pairs(_thread._parked()) do n = n + 1 end
      until n == #waits
    ]])
  end)

  it("may close a state whose threads have only begun to run", function()
    run(100, [[
      local threading = require "threading"
      for _ = 1, 3 do
        threading.Thread { target = math.abs, args = { 1 } }:start()
      end
    ]])
  end)

  it("does not grow", function()
    if support.is_instrumented() then
      pending "a sanitizer keeps what was freed"
      return
    end
    local grown = run(300, threads .. "threading.shutdown()")
    if grown then
      assert.is_true(grown < 1024, grown .. " KiB")
    end
  end)
end)
