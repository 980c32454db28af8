-- threading.h, from C: a module and a host that use it (support/outside.c),
-- and the two examples.

local _thread = require "threading._thread"
local compiler = require "spec.support.compiler"
local files = require "spec.support.files"
local support = require "spec.support"
local threading = require "threading"
local time = require "threading.time"
local waits = require "spec.support.waits"

local read, shell = files.read, files.shell

local function must(command, ...)
  local out, ok = shell(command, ...)
  if not ok then
    error(out, 2)
  end
  return out
end

local environment = support.lua_command():match "^(env .-) %S+$"

describe("threading.h", function()
  local outside, dir, unload

  setup(function()
    outside, dir, unload = compiler.load("spec/support/outside.c",
      ("-Wall -Wextra -Werror -O1 -I'%s' -pthread"):format(
        assert(threading.include_dir())))
  end)

  teardown(function()
    unload()
  end)

  it("is found by include_dir", function()
    local folder = threading.include_dir()
    assert.equal(read "csrc/include/threading.h", read(folder
      .. "/threading.h"))
    assert.is_true(folder:find "include$" ~= nil)
  end)

  describe("beside a copy of the library", function()
    local source = package.searchpath("threading.private.include", package.path)
    local top

    before_each(function()
      top = files.folder()
    end)

    after_each(function()
      os.execute("rm -r " .. top)
    end)

    local function put(name, text)
      must("mkdir -p '%s/%s'", top, name:match "^(.*)/")
      files.write(("%s/%s"):format(top, name), text)
    end

    -- What include_dir of a copy of the file there says.
    local function found_from(name)
      put(name, read(source))
      local folder, err = loadfile(("%s/%s"):format(top, name))()()
      return folder and folder:gsub("^" .. top .. "/", ""), err
    end

    it("is found in a checkout", function()
      put("csrc/include/threading.h", "")
      assert.equal("csrc/include",
        (found_from "lua/threading/private/include.lua"))
    end)

    it("is found in a tree, that of the newest version", function()
      local copy = "share/lua/5.4/threading/private/include.lua"
      local rocks = "lib/luarocks/rocks-5.4/"
      local missing = "threading.h is not where LuaRocks installs it"
      assert.same({ nil, missing }, { found_from(copy) })
      for _, manifest in ipairs { "repository = (", "error()", "other = {}" } do
        put(rocks .. "manifest", manifest)
        assert.same({ nil, missing }, { found_from(copy) })
      end
      put(rocks .. "manifest", [[repository = { threading = {
        ["1.9.0-1"] = {}, ["1.10.0-1"] = {}, ["1.11.0-1"] = {},
      } }]])
      for _, version in ipairs { "1.9.0-1", "1.10.0-1" } do
        local folder = ("%sthreading/%s/csrc/include"):format(rocks, version)
        put(folder .. "/threading.h", "")
        assert.equal(folder, (found_from(copy)))
      end
    end)
  end)

  local cxx = os.getenv "CXX" or "c++"

  local function has_cxx()
    local has = select(2, shell("echo | %s -x c++ -fsyntax-only -", cxx))
    if not has then
      pending "no C++ compiler"
    end
    return has
  end

  local function build_cxx(name)
    must("%s -std=c++17 -pedantic -Wall -Wextra -Werror -shared -fPIC "
      .. "-I%s -I'%s' %s/%s.cpp -o %s/%s.so", cxx, compiler.HEADERS,
      threading.include_dir(), dir, name, dir, name)
  end

  it("says so where a module was built with another version of it", function()
    local header = read(threading.include_dir() .. "/threading.h")
    local n
    header, n = header:gsub("(THREADING_VERSION) 1\n", "%1 2\n")
    assert.equal(1, n)
    files.write(dir .. "/threading.h", header)
    files.write(dir .. "/later.c", [[
#include <lauxlib.h>
#include "threading.h"
static int later(lua_State *L) {
  THREADING_BEGIN_NOGIL(L)
  THREADING_END_NOGIL(L)
  return 0;
}
int luaopen_later(lua_State *L);
int luaopen_later(lua_State *L) {
  lua_pushcfunction(L, later);
  return 1;
}
]])
    compiler.module(dir .. "/later.c", dir, "-Wall -Wextra -Werror")
    local later = package.loadlib(dir .. "/later.so", "luaopen_later")()
    assert.equal("a C module was built with version 2 of threading.h, and "
      .. "`threading` has version 1: build the module again",
      support.message(later))
  end)

  it("serves several modules at once, one of them of C++", function()
    if not has_cxx() then
      return
    end
    files.write(dir .. "/plus.cpp", [[
#include <threading.h>
extern "C" {
#include <lauxlib.h>
}

/* add(value, n [, event]) -> n, when it has added 1 so often */
static int add(lua_State *L) {
  const threading_api *api = threading_getapi(L);
  lua_Integer n = luaL_checkinteger(L, 2), done = 0;
  threading_value v;
  if (!api || !api->tovalue(L, 1, &v) || v.type != THREADING_INT64) return 0;
  threading_event *e = api->toevent(L, 3);
  THREADING_BEGIN_NOGIL(L)
  if (e) api->event_wait(threading_nogil_.self, e, -1);
  while (done < n && !THREADING_STOPPING(L)) {
    __atomic_fetch_add(static_cast<int64_t *>(v.p), 1, __ATOMIC_RELAXED);
    done++;
  }
  THREADING_END_NOGIL(L)
  threading_check(L);
  lua_pushinteger(L, done);
  return 1;
}

extern "C" int luaopen_plus(lua_State *L) {
  lua_pushcfunction(L, add);
  return 1;
}
]])
    build_cxx "plus"
    local add = require "plus"
    package.loaded.plus = nil
    local sum, go = threading.Value "int64", threading.Event()
    local t = support.start(function()
      assert(add(sum, 1000, go) == 1000)
    end)
    support.wait_thread_parked(t, "Event")
    assert.same({ true, true }, { outside.nested() })
    local ok = outside.threads(2, 10, function()
      assert(add(sum, 10) == 10)
    end)
    go:set()
    support.join(t)
    assert.same({ 20, 1200 }, { ok, sum.value })
  end)

  it("has a version and a size", function()
    local loaded, opened, version, whole = outside.api()
    assert.same({ true, true, 1, true }, { loaded, opened, version, whole })
  end)

  it("keeps errno, and a pair inside a pair does nothing", function()
    assert.same({ true, true }, { outside.nested() })
    assert.same({ true, true }, { support.in_thread(outside.nested) })
  end)

  it("does nothing without threading, and works once it is there", function()
    assert.equal("false false\ntrue true\nno lock\ntrue true\n1\n",
      support.output_of [[
      local outside = require "outside"
      assert(package.loaded["threading._thread"] == nil)
      print(table.concat({ tostring((outside.api())),
        tostring((select(2, outside.api()))) }, " "))
      print((tostring(outside.nested()) .. " true"))
      print(outside.try_detach() == nil and "no lock")
      local threading = require "threading"
      local kept, inner = outside.nested()
      print(tostring(kept) .. " " .. tostring(inner))
      local n = 0
      print((outside.threads(1, 1, function() n = n + 1 end)))
    ]])
  end)

  describe("attach", function()
    it("brings threads of C's in, hundreds of times, beside Lua's", function()
      local calls, stop = support.counter(), false
      local list = support.start_many(2, function()
        while not stop do
          for i = 1, 10 do
            local _ = { i }
          end
        end
      end)
      local before = threading.active_count()
      local ok, failed, refused = outside.threads(4, 200, function()
        calls(1)
        for _ = 1, 100 do
          local _ = {}
        end
      end)
      local after = threading.active_count()
      stop = true
      assert.same({ 800, 0, 0, 800 }, { ok, failed, refused, calls() })
      assert.equal(before, after)
      support.join(list)
    end)

    it("is refused while the program is explored", function()
      local r = support.run [[
        local outside = require "outside"
        local explore = require "threading.explore"
        local threading = require "threading"
        assert(explore.run(function()
          local t = threading.Thread { target = function()
            local ok, failed, refused = outside.threads(1, 3, error)
            assert(ok + failed == 0 and refused == 3)
          end }
          t:start()
          t:join()
        end, { schedules = 1 }).ok)
        assert(outside.threads(1, 3, function() end) == 3)
      ]]
      assert.equal(0, r.code, r.err)
      assert.matches("cannot attach while the program is explored", r.err)
    end)

    it("keeps an error in the call that it came from", function()
      local calls = support.counter()
      local ok, failed, _, message = outside.threads(3, 50, function()
        if calls(1) % 2 == 0 then
          error("wrong", 0)
        end
      end)
      assert.same({ 75, 75, "wrong" }, { ok, failed, message })
      local _, all, _, text = outside.threads(1, 1, coroutine.yield)
      assert.equal(1, all)
      assert.equal("attempt to yield from outside a coroutine", text)
    end)

    it("makes a daemon, a dummy thread that bears the name", function()
      local seen = {}
      outside.threads(1, 1, function()
        local t = threading.current_thread()
        seen = { t.name, t.daemon, t:is_alive(), t.ident ~= nil }
        for _, it in ipairs(threading.enumerate()) do
          seen.listed = seen.listed or it == t
        end
        seen.thread = t
      end)
      assert.same({ "outsider", true, true, true },
        { seen[1], seen[2], seen[3], seen[4] })
      assert.is_true(seen.listed)
      assert.is_false(seen.thread:is_alive())
      assert.equal(1, threading.active_count())
    end)

    it("is refused a detach within a call", function()
      local results = {}
      outside.threads(1, 1, function()
        results[1] = outside.try_detach()
      end)
      assert.same({ false }, results)
      assert.is_false(outside.try_detach()) -- the main thread is not attached
    end)

    it("lets a thread stay, and go outside between calls", function()
      local calls = {} -- of each thread: one count of all would be a race
      local ok = outside.threads(3, 100, function()
        local ident = threading.get_ident()
        calls[ident] = (calls[ident] or 0) + 1
      end, true)
      local count, n = 0, 0
      for _, of_one in pairs(calls) do
        count, n = count + 1, n + of_one
      end
      assert.same({ 300, 300, 3 }, { ok, n, count })
    end)

    it("on a thread of Lua's gives the lock until the detach", function()
      local n = 0
      local function count()
        n = n + 1
      end
      local here, most = outside.again(count)
      assert.same({ true, 64, 3 }, { here, most, n })
      assert.is_true((support.in_thread(outside.again, count)))
      assert.equal(6, n)
    end)

    for _, how in ipairs { "attached", "outside", "nested", "destructor" } do
      it("is undone where the thread ends without a detach: " .. how,
        function()
          local weak = setmetatable({}, { __mode = "k" })
          for _ = 1, 3 do
            outside.ends(how, function()
              weak[coroutine.running()] = true
              weak[threading.current_thread()] = true
            end)
          end
          assert.equal(1, threading.active_count())
          collectgarbage()
          collectgarbage()
          assert.is_nil(next(weak))
        end)
    end

    it("while a dump is made leaves nobody out of it", function()
      local over = false
      local t = support.start(function()
        while not over do
          outside.threads(3, 20, type)
        end
      end)
      local whole = 0
      for _ = 1, 1000 do
        if _thread._dump():find("MainThread", 1, true) then
          whole = whole + 1
        end
      end
      over = true
      support.join(t)
      assert.equal(1000, whole)
    end)

    for _, how in ipairs { "call", "bracket" } do
      it("tells of a thread that ends within a call, and goes on: " .. how,
        function()
          if support.is_instrumented() then
            pending "a sanitizer does not survive the pthread_exit"
            return
          end
          local r = support.run([[
            local outside = require "outside"
            local threading = require "threading"
            for _ = 1, 3 do
              outside.ends("]] .. how .. [[", function() end)
            end
            for _ = 1, 3 do
              collectgarbage()
            end
            local n = 0
            print(outside.threads(1, 3, function() n = n + 1 end))
            print(n, threading.active_count())
          ]])
          assert.equal("3\t0\t0\t\n3\t1\n", r.out)
          assert.equal(("threading: the attached thread 'careless' has ended "
            .. "within a call of Lua's\n"):rep(3), r.err)
          assert.equal(0, r.code)
        end)
    end

    it("survives a fork: the child's thread is the main one, and attached",
      function()
        compiler.module("spec/support/forker.c", dir)
        assert.equal("7\n", support.output_of [[
          local outside = require "outside"
          local forker = require "forker"
          local threading = require "threading"
          local pid
          outside.threads(1, 2, function() -- the child comes here twice, too
            if not pid then
              pid = forker.fork()
            elseif pid > 0 then
              print(forker.wait(pid))
            else
              assert(threading.main_thread() == threading.current_thread())
              assert(threading.active_count() == 1)
              local n = 0
              assert(outside.threads(2, 10, function() n = n + 1 end) == 20)
              local t = threading.Thread { target = function() n = n + 1 end }
              t:start()
              t:join()
              forker.exit(n > 1 and 7 or 1)
            end
          end)
        ]])
      end)

    it("lets the thread use every kind of wait", function()
      local lock, event = threading.Lock(), threading.Event()
      lock:acquire()
      local t = support.start(function()
        support.wait_parked(1, "Lock")
        lock:release()
        support.wait_parked(1, "Event")
        event:set()
      end)
      local ok = outside.threads(1, 1, function()
        lock:acquire()
        assert(event:wait())
        time.sleep(0)
        coroutine.wrap(function()
          coroutine.yield()
        end)()
      end)
      support.join(t)
      assert.equal(1, ok)
    end)

    it("counts as awake: who waits for such a thread is no deadlock", function()
      assert.equal("set\n", support.output_of [[
        local threading = require "threading"
        local _thread = require "threading._thread"
        local outside = require "outside"
        local event, main = threading.Event(), threading.get_ident()
        outside.resident(function()
          if _thread._parked()[main] then
            event:set()
            error "done"
          end
        end)
        event:wait() -- no thread of Lua's is left to end it
        print "set"
      ]])
    end)
  end)

  it("leaves a cancellation to the first wait after a bracket", function()
    local after, cancelled
    support.join(support.start(function()
      threading.current_thread():cancel()
      outside.nested()
      after = true
      local _, err = pcall(time.sleep, 0)
      cancelled = threading.is_cancelled(err)
    end))
    assert.same({ true, true }, { after, cancelled })
  end)

  describe("a bracket that is left before its END", function()
    -- leave(how) -> is the lock held when the block has been left?
    local LEAVE <const> = [[
static int leave_block(lua_State *L, char how) {
  for (int i = 0; i < 2; i++) {
    THREADING_BEGIN_NOGIL(L)
    if (how == 'r') return 0;
    if (how == 'b') break;
    if (how == 'c') continue;
    if (how == 'g') goto out;
    THREADING_END_NOGIL(L)
  }
out:
  return 0;
}

static int leave(lua_State *L) {
  char how = *luaL_checkstring(L, 1);
  int held;
  leave_block(L, how);
  threading_nogil n = threading_release(L);
  held = n.out;
  threading_take(n);
  lua_pushboolean(L, held);
  return 1;
}
]]

    local function check(leave)
      for _, how in ipairs { "return", "break", "continue", "goto", "end" } do
        assert.is_true(leave(how), how)
      end
      assert.same({ true, true }, { outside.nested() })
    end

    it("takes the lock back, in C", function()
      files.write(dir .. "/leave.c", "#include <lauxlib.h>\n"
        .. "#include <threading.h>\n" .. LEAVE
        .. "int luaopen_leave(lua_State *L);\n"
        .. "int luaopen_leave(lua_State *L) {\n"
        .. "  lua_pushcfunction(L, leave);\n  return 1;\n}\n")
      local shadows = "-std=c11 -O0 -Wshadow=local"
      for _, flags in ipairs { "-std=c99 -O2", shadows } do
        compiler.module(dir .. "/leave.c", dir, ("%s -pedantic -Wall -Wextra "
          .. "-Werror -I'%s'"):format(flags, threading.include_dir()))
        check(package.loadlib(dir .. "/leave.so", "luaopen_leave")())
        must("mv %s/leave.so %s/leave_0.so", dir, dir)
      end
    end)

    it("takes the lock back, in C++, also for an exception", function()
      if not has_cxx() then
        return
      end
      files.write(dir .. "/leave_cxx.cpp", "#include <threading.h>\n"
        .. 'extern "C" {\n#include <lauxlib.h>\n}\n' .. LEAVE .. [[
static int thrown(lua_State *L) {
  try {
    THREADING_BEGIN_NOGIL(L)
    throw 1;
    THREADING_END_NOGIL(L)
  } catch (int) {
    return leave(L);
  }
  return 0;
}

extern "C" int luaopen_leave_cxx(lua_State *L) {
  lua_pushcfunction(L, leave);
  lua_pushcfunction(L, thrown);
  lua_setglobal(L, "thrown");
  return 1;
}
]])
      build_cxx "leave_cxx"
      local library = dir .. "/leave_cxx.so"
      check(package.loadlib(library, "luaopen_leave_cxx")())
      assert.is_true(_G.thrown "end")
      _G.thrown = nil
    end)

    it("is reported by THREADING_DEBUG, where the compiler cannot", function()
      files.write(dir .. "/leak.c", [[
#include <lauxlib.h>
#include <stdint.h>
#undef __GNUC__
#include <threading.h>
static int leak(lua_State *L) {
  THREADING_BEGIN_NOGIL(L)
  if (!lua_isnone(L, 1)) return 0;
  THREADING_END_NOGIL(L)
  return 0;
}
int luaopen_leak(lua_State *L);
int luaopen_leak(lua_State *L) {
  lua_pushcfunction(L, leak);
  return 1;
}
]])
      compiler.module(dir .. "/leak.c", dir, ("-Wall -Wextra -Werror -I'%s'")
        :format(threading.include_dir()))
      local out = support.output_of([[
local threading, leak = require "threading", require "leak"
local lock = threading.Lock()
leak()
lock:acquire()
print(pcall(function()
  leak(true)
  lock:acquire(false)
end))
lock:release()
]], { before = "export THREADING_DEBUG=1" })
      assert.matches("^false\t[^\n]*:7: Lua goes on without the global lock: "
        .. "the C function that was called at [^\n]*:6 has returned between "
        .. "THREADING_BEGIN_NOGIL and THREADING_END_NOGIL\n$", out)
    end)
  end)

  describe("where every thread waits", function()
    -- What the program, in which nobody but C can end a wait, prints.
    local function said(program)
      local r = support.run([[
        local threading, outside = require "threading", require "outside"
        local _thread = require "threading._thread"
        local event, sema = threading.Event(), threading.Semaphore(0)
        local function start(fn, ...)
          local t = threading.Thread { target = fn, args = { ... } }
          t:start()
          while not _thread._parked()[t.ident] do
            require "threading.time".sleep(0)
          end
          return t
        end
        local function try(fn, ...)
          local ok, err = pcall(fn, ...)
          print(ok or err:match "deadlock: every thread waits for ever")
        end
      ]] .. program)
      assert.same({ "", 0 }, { r.err, r.code })
      return r.out
    end

    local DEADLOCK <const> = "deadlock: every thread waits for ever\n"

    it("C sets the Event that it has retained", function()
      assert.equal("true\n", said [[
        outside.later("set", event)
        try(event.wait, event)
      ]])
    end)

    it("C releases the Semaphore that it retains after the wait has begun",
      function()
        assert.equal("true\ntrue\n", said [[
          local t = start(try, sema.acquire, sema)
          outside.later("release", sema)
          try(t.join, t)
        ]])
      end)

    it("and C drops the object, or has retained another, it is a deadlock",
      function()
        assert.equal(DEADLOCK .. "true\n", said [[
          local t = start(try, sema.acquire, sema)
          outside.later("drop", sema)
          outside.later("drop", sema)
          try(t.join, t)
          sema:release()
        ]])
        assert.equal(DEADLOCK, said [[
          local kept = outside.later("keep", event)
          try(sema.acquire, sema)
        ]])
        assert.equal(DEADLOCK .. "true\n", said [[
          local kept = outside.later("keep", event)
          event:set()
          local t = start(try, sema.acquire, sema)
          event:wait()
          try(t.join, t)
          sema:release()
        ]])
      end)

    it("a thread of C's comes into the state that it has opened", function()
      assert.equal("true\n", said [[
        outside.later("attach", function() event:set() end)
        try(event.wait, event)
      ]])
    end)

    it("and C closes the state, it is a deadlock", function()
      assert.equal(DEADLOCK .. "true\n", said [[
        local t = start(try, sema.acquire, sema)
        outside.later("close")
        outside.later("close")
        event:set()
        try(t.join, t)
        sema:release()
      ]])
    end)
  end)

  describe("objects", function()
    for _, wait in waits.each(function(it) return it.by_c end) do
      local name = wait.what

      -- One that is not waited for: C has taken it back, and sets an Event.
      local function made_free()
        local object = wait.make()
        assert.is_true(outside.release(object))
        return object
      end

      it(name .. " is waited for with and without the lock", function()
        for _, out in ipairs { false, true } do
          local object = made_free()
          local function wait_in_thread(seconds)
            return support.in_thread(outside.wait, object, seconds, out)
          end
          assert.equal(1, outside.wait(object, 0, out))
          if name == "Event" then
            object:clear()
          end
          assert.equal(0, wait_in_thread(0))
          assert.equal(0, wait_in_thread(0.001))
          local result
          local t = support.start(function()
            result = outside.wait(object, -1, out)
          end)
          support.wait_thread_parked(t, name)
          assert.is_true(outside.release(object))
          support.join(t)
          assert.equal(1, result)
        end
      end)

      it(name .. ": a cancellation ends the wait, and is raised", function()
        for _, out in ipairs { false, true } do
          local object, caught = wait.make(), nil
          local t = support.start(function()
            local _, err = pcall(outside.wait, object, -1, out)
            caught = threading.is_cancelled(err)
          end)
          support.wait_thread_parked(t, name)
          t:cancel()
          support.join(t)
          assert.is_true(caught)
        end
      end)

      it(name .. " may be retained", function()
        assert.is_true(outside.retainable(wait.make()))
      end)
    end

    it("a failed release tells so", function()
      local lock, rlock = threading.Lock(), threading.RLock()
      assert.is_false(outside.release(lock))
      assert.is_false(outside.release(rlock))
      rlock:acquire()
      rlock:acquire()
      assert.is_false(support.in_thread(outside.release, rlock))
      assert.is_true(outside.release(rlock))
      assert.is_true(outside.release(rlock))
      assert.is_false(rlock:locked())
      assert.is_false(outside.release(threading.BoundedSemaphore(1)))
    end)

    it("Value and Array of all types", function()
      local types = { "int8", "int16", "int32", "int64", "uint8", "uint16",
        "uint32", "uint64", "float32", "float64" }
      for i, type in ipairs(types) do
        local value = threading.Value(type, 100 + i)
        assert.same({ 100.0 + i, i - 1 }, { outside.read(value) })
        local array = threading.Array(type, { 1, 2, i })
        assert.same({ i + 0.0, i - 1, 3 }, { outside.read(array, 3) })
      end
      assert.same({}, { outside.read(threading.Lock()) })
    end)

    it("what C retains lives on", function()
      local sums = {}
      for i = 1, 20 do
        local numbers = {}
        for k = 1, 1000 do
          numbers[k] = i
        end
        sums[i] = outside.keep(threading.Array("float64", numbers))
      end
      collectgarbage()
      collectgarbage()
      for i = 1, 20 do
        threading.Array("float64", 1000):fill(-1)
        assert.equal(1000.0 * i, sums[i]())
      end
      assert.is_true(outside.retainable(threading.Value("int8")))
      assert.is_false(outside.retainable {})
      assert.is_false(outside.retainable(threading.Barrier(1)))
    end)

    it("a profiler of C's in the main thread stops nothing", function()
      assert.equal("9\t9\ttrue\n", support.output_of [[
        local threading = require "threading"
        local loops = require "threading.loops"
        local outside = require "outside"
        local turns = threading.kernel([=[
          int turns(void) { return threading_stopping() ? 0 : 9; }
        ]=]).turns
        outside.profile()
        local made = loops.change(threading.Value "int64", 1, 9)
        local counted = turns()
        for i = 1, 1000 do
          local _ = i
        end
        print(made, counted, outside.profiled() > 9)
      ]])
    end)

    -- Ours lies over the user's while there are threads.
    local hooked = [[
      local outside = require "outside"
      local threading = require "threading"
      local stop = threading.Event()
      threading.Thread { target = stop.wait, args = { stop } }:start()
      local calls = 0
      local function f()
        calls = calls + 1
      end
      debug.sethook(f, "", 100)
    ]]

    it("a sethook that a preemption has interrupted wins", function()
      assert.equal("true\tl\t0\ntrue\t\t700\n", support.output_of(hooked .. [[
        local function tell()
          local hook, mask, count = debug.gethook()
          print(hook == f, mask, count)
        end
        outside.finish_sethook(1 << 2, 0) -- for lines
        tell()
        debug.sethook(f, "", 100)
        outside.finish_sethook(1 << 3, 700) -- ours never counts so many
        tell()
        stop:set()
      ]]))
    end)

    it("a coroutine that C makes inherits nothing of ours", function()
      assert.equal("nil\nnil\nnil\ntrue\tnil\n", support.output_of(hooked .. [[
        local function sum()
          local s = 0
          for i = 1, 1000 do
            s = s + i
          end
          return s
        end
        local co = outside.coroutine(sum)
        print((debug.gethook(co)))
        outside.coroutine(function()
          print((debug.gethook(coroutine.create(sum))))
          sum()
          print((debug.gethook()))
        end, true)
        local n = 0
        threading.Thread { target = function()
          while not stop:is_set() do
            n = n + 1
          end
        end }:start()
        print(coroutine.resume(outside.coroutine(function()
          local seen = n
          while n == seen do end -- until it is preempted
          return (debug.gethook())
        end)))
        stop:set()
      ]]))
    end)

    it("the stop flag is seen, and check raises what it was", function()
      local caught
      local started = threading.Event()
      local t = support.start(function()
        started:set()
        local _, err = pcall(outside.poll)
        caught = threading.is_cancelled(err) and err.message
      end)
      started:wait()
      t:cancel "enough"
      support.join(t)
      assert.equal("enough", caught)
    end)
  end)

  describe("a host", function()
    local function run(host, arguments)
      local out, ok = shell("%s timeout -s KILL 300 %s %s", environment, host,
        arguments)
      assert(ok, out)
      return out
    end

    it("closes states under attached threads, which are told", function()
      local host = compiler.host("spec/support/outside.c", dir .. "/host",
        "-DHOST -O1 -Wall -Wextra")
      if not host or support.is_instrumented "thread" then
        pending "no Lua library to link, or a sanitizer's own thread"
        return
      end
      assert.equal("0 thread(s) left", run(host, "20"))
    end)

    it("has guests that come and go, at bad times too", function()
      local host = compiler.host("spec/support/guests.c", dir .. "/guests",
        "-O1 -Wall -Wextra")
      if not host then
        pending "no Lua library to link"
        return
      end
      for _, what in ipairs { "none", "often 20000", "two", "close 20",
          "memory" } do
        assert.equal("ok", run(host, what))
      end
    end)

    it("of examples/embed opens and closes a hundred states", function()
      local host = compiler.host("examples/embed/host.c", dir .. "/embed",
        "-O1 -Wall -Wextra")
      if not host then
        pending "no Lua library to link"
        return
      end
      assert.equal(("device: blocks add up to 15\n"):rep(100):sub(1, -2),
        run(host, "examples/embed/script.lua 100"))
    end)
  end)

  it("serves a rock of a stranger's: examples/cmodule", function()
    if not select(2, shell("echo 'int main(void) { return 0; }' | "
        .. "%s -include zlib.h -x c -o /dev/null - -lz", compiler.CC)) then
      pending "no zlib"
      return
    end
    must("cp -R examples/cmodule %s", dir)
    must("cd %s/cmodule && env -u LUA_PATH -u LUA_CPATH %s --lua-version=%s "
      .. "--tree=%s/tree make --deps-mode=none CC='%s' LD='%s' LUA='%s' "
      .. "LUA_INCDIR='%s' THREADING_INCDIR='%s'", dir, compiler.LUAROCKS,
      _VERSION:match "[%d.]+", dir, compiler.CC, compiler.CC,
      support.interpreter(), compiler.HEADERS, threading.include_dir())
    local names = {}
    for i = 1, 8 do
      names[i] = ("%s/file %d"):format(dir, i)
      files.write(names[i], (("%d123456789"):format(i)):rep(20000 * i))
    end
    local quoted = "'" .. table.concat(names, "' '") .. "'"
    local path = ("='%s/tree/lib/lua/%s/?.so;'"):format(dir,
      _VERSION:match "[%d.]+")
    local command = support.lua_command():gsub("(LUA_CPATH.-)=", function(name)
      return name .. path
    end)
    local out = must("%s %s/cmodule/compress.lua %s", command, dir, quoted)
    local expected = {}
    for i, name in ipairs(names) do
      local whole = must("gzip -dc '%s.gz'", name)
      assert.equal(read(name), whole)
      local f <close> = assert(io.open(name .. ".gz", "rb"))
      f:seek("end", -8) -- gzip's own checksum
      expected[i] = ("%08x  %s"):format(("<I4"):unpack(f:read(4)), name)
    end
    assert.equal(table.concat(expected, "\n"), out)
    local text, ok = shell("%s %s/cmodule/compress.lua %s/none", command, dir,
      dir)
    assert.is_nil(ok)
    assert.equal(dir .. "/none: No such file or directory", text)
  end)

  it("leaves no thread behind", function()
    assert.equal(1, threading.active_count())
    assert.same({}, _thread._parked())
  end)
end)
