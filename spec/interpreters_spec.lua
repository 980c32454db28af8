local futures = require "threading.futures"
local interpreters = require "threading.interpreters"
local support = require "spec.support"
local threading = require "threading"
local time = require "threading.time"

-- The globals of what crosses are Lua's, not those that busted has made.
local describe, it, assert = describe, it, assert
local before_each, after_each = before_each, after_each
local pending = pending
local _ENV = package.loaded._G

describe("an interpreter", function()
  local i

  before_each(function()
    i = interpreters.create()
  end)

  after_each(function()
    i:close()
  end)

  it("calls functions, with what crosses", function()
    assert.equal(8, i:call(math.max, 2, 8))
    local n = 5
    assert.same({ 7, { x = 5 } }, { i:call(function(a)
      return a + 2, { x = n }
    end, 5) })
    assert.equal(0, select("#", i:call(function() end)))
    assert.equal(3, select("#", i:call(function()
      return nil, nil, nil
    end)))
  end)

  it("runs code, in globals of its own", function()
    i:exec "x = 5"
    assert.is_nil(rawget(_G, "x"))
    assert.equal(5, i:call(load "return x"))
  end)

  it("has globals set by prepare_main", function()
    local a = threading.Array("float64", 10)
    i:prepare_main { a = a, name = "it" }
    i:exec "for k = 1, #a do a[k] = k end"
    assert.equal(10, a[10])
    assert.equal("it", i:call(load "return name"))
    assert.matches("globals: a name must be a string, got a number",
      support.message(i.prepare_main, i, { "x" }))
  end)

  it("raises the error that a call raises, with its traceback", function()
    local err = select(2, pcall(i.call, i, function()
      error "boom"
    end))
    assert.matches("^spec/interpreters_spec.lua:%d+: boom\nstack traceback:",
      err)
    local object = select(2, pcall(i.call, i, function()
      error { code = 7 }
    end))
    assert.same({ code = 7 }, object)
  end)

  it("raises an ExecutionFailed where its code fails", function()
    local err = select(2, pcall(i.exec, i, "local x = 1\nerror 'boom'"))
    assert.is_true(interpreters.is_execution_failed(err))
    assert.matches(":2: boom$", err.value)
    assert.matches(":2: boom\nstack traceback:", err.traceback)
    assert.equal(err.traceback, tostring(err))
    err = select(2, pcall(i.exec, i, "local"))
    assert.is_true(interpreters.is_execution_failed(err))
    assert.is_false(interpreters.is_execution_failed "boom")
  end)

  -- Each would allow about 200 alone, and some of these overflow the C stack.
  it("counts nested C calls on from those of its caller", function()
    local function nest(n, fn, ...)
      if n == 0 then return fn(...) end
      local args = table.pack(...)
      return (string.gsub("a", "a", function()
        nest(n - 1, fn, table.unpack(args, 1, args.n))
      end))
    end
    local function deep() return nest(120, math.max, 1) end
    assert.equal("a", i:call(deep))
    assert.matches("C stack overflow", support.message(nest, 100, i.call, i,
      deep))
    assert.equal("a", i:call(deep))
    local function call_on(next, ...)
      if next then return next:call(call_on, ...) end
    end
    local others = {}
    for k = 1, 60 do others[k] = interpreters.create() end
    assert.matches("C stack overflow", support.message(call_on,
      table.unpack(others)))
    for _, other in ipairs(others) do other:close() end
    assert.equal("a", i:call(deep))
  end)

  it("is refused to a thread that is in it", function()
    i:prepare_main { me = i }
    assert.matches("already: call the function itself", support.message(i.call,
      i, load "return me:call(print)"))
    assert.matches("is running: this thread is in it", support.message(i.call,
      i, load "me:close()"))
  end)

  it("is refused when it is closed", function()
    i:close()
    i:close()
    assert.matches("is closed$", support.message(i.call, i, print))
    assert.matches("is closed$", support.message(i.exec, i, "x = 1"))
  end)

  it("is closed once, by one thread of several", function()
    local finished = threading.Value "int64"
    i:prepare_main { finished = finished }
    i:exec [=[
      local threading = require "threading"
      threading.Thread { target = function()
        require "threading.time".sleep(0.05)
        finished:fetch_add(1)
      end }:start()
    ]=]
    local seen, note = support.shared_list()
    support.join(support.start_many(4, function()
      i:close()
      note(finished.value)
    end))
    assert.same({ 1, 1, 1, 1 }, seen)
  end)

  it("is not closed by a thread of its own", function()
    i:prepare_main { me = i, go = threading.Event() }
    i:exec [=[
      local threading = require "threading"
      t = threading.Thread { target = function()
        go:wait()
        message = select(2, pcall(me.close, me))
      end }
      t:start()
    ]=]
    i:call(load "go:set()")
    i:exec "t:join()"
    assert.matches("is running: this thread is in it", i:call(
      load "return message"))
  end)

  it("is called in a thread", function()
    local v = threading.Value "int64"
    local t = i:call_in_thread(function(value, n)
      value.value = n
    end, v, 5)
    support.join(t)
    assert.equal(5, v.value)
  end)

  it("is left by a thread that is cancelled", function()
    local entered = threading.Event()
    local caught
    local t = support.start(function()
      local _, err = pcall(i.call, i, function(event)
        event:set()
        require("threading.time").sleep(1000)
      end, entered)
      caught = err
    end)
    entered:wait()
    t:cancel "enough"
    support.join(t)
    assert.is_true(threading.is_cancelled(caught))
    assert.equal("enough", caught.message)
  end)

  it("is entered by a thread that is shielded from its cancellation", function()
    local got
    local t = support.start(function()
      threading.shield(function()
        threading.current_thread():cancel()
        got = i:call(math.abs, -5)
      end)
      time.sleep(0) -- it is cancelled here
      got = nil
    end)
    support.join(t)
    assert.equal(5, got)
  end)
end)

describe("the interpreters", function()
  it("are listed in the order of their creation", function()
    local main = interpreters.get_main()
    assert.equal(0, main.id)
    assert.equal(main, interpreters.get_current())
    local a <close> = interpreters.create()
    local b <close> = interpreters.create()
    local list = interpreters.list_all()
    assert.equal(main, list[1])
    assert.equal(a, list[#list - 1])
    assert.equal(b, list[#list])
    assert.is_true(a.id < b.id)
    assert.equal(a.id, a:call(function()
      return require("threading.interpreters").get_current().id
    end))
  end)

  it("are closed when nothing refers to them", function()
    local count = #interpreters.list_all()
    for _ = 1, 10 do
      interpreters.create()
    end
    collectgarbage()
    collectgarbage()
    local _ <close> = interpreters.create()
    assert.equal(count + 1, #interpreters.list_all())
  end)

  it("run side by side", function()
    local a <close> = interpreters.create()
    local b <close> = interpreters.create()
    local here, there = threading.Event(), threading.Event()
    local switches = threading.Value "int64"
    local function spin(mine, other) -- each holds its global lock
      local count = require("threading._thread")._switches
      local before = count()
      mine:set()
      repeat until other:is_set()
      switches:fetch_add(count() - before)
    end
    support.join { a:call_in_thread(spin, here, there),
      b:call_in_thread(spin, there, here) }
    assert.equal(0, switches.value)
  end)
end)

describe("a new interpreter", function()
  local function with(name, value, fn)
    local before = package[name]
    package[name] = value
    local ok, err = pcall(fn)
    package[name] = before
    assert(ok, err)
  end

  it("finds modules where its creator does", function()
    with("path", "./odd/?.lua;" .. package.path, function()
      local i <close> = interpreters.create()
      local path, cpath = i:call(function()
        return package.path, package.cpath
      end)
      assert.equal(package.path, path)
      assert.equal(package.cpath, cpath)
    end)
  end)

  it("has what its creator has in package.preload", function()
    local number <const> = 7
    package.preload["spec.preloaded"] = function(name)
      return { name = name, number = number }
    end
    local co = coroutine.create(print)
    package.preload["spec.staying"] = function()
      return co
    end
    local i <close> = interpreters.create()
    package.preload["spec.preloaded"] = nil
    package.preload["spec.staying"] = nil
    assert.same({ "spec.preloaded", 7 }, { i:call(function()
      local module = require "spec.preloaded"
      return module.name, module.number
    end) })
    assert.matches("upvalue 'co': coroutine cannot cross",
      support.message(i.call, i, require, "spec.staying"))
  end)

  it("has its creator's searchers of modules", function()
    local prefix <const> = "odd_"
    table.insert(package.searchers, 2, function(name)
      if name:sub(1, #prefix) == prefix then
        return function()
          return "found " .. name
        end
      end
      return "\n\tnot odd"
    end)
    local i = interpreters.create()
    local j = i:call(function()
      return require("threading.interpreters").create()
    end)
    table.remove(package.searchers, 2)
    for _, each in ipairs { i, j } do
      assert.equal("found odd_one", each:call(function()
        return require "odd_one", nil
      end))
      assert.equal(5, each:call(load "return #package.searchers"))
      each:close()
    end
  end)

  it("has its creator's stack size and switch interval", function()
    local size = threading.stack_size(1 << 20)
    local interval = threading.getswitchinterval()
    threading.setswitchinterval(0.125)
    local i <close> = interpreters.create()
    threading.stack_size(size)
    threading.setswitchinterval(interval)
    assert.same({ 1 << 20, 0.125 }, { i:call(function()
      local there = require "threading"
      return there.stack_size(), there.getswitchinterval()
    end) })
  end)

  it("begins with what init says", function()
    local n <const> = 7
    local i <close> = interpreters.create { init = "x = 5" }
    local j <close> = interpreters.create { init = function()
      _G.x = n
    end }
    assert.equal(5, i:call(load "return x"))
    assert.equal(7, j:call(load "return x"))
    local count = #interpreters.list_all()
    assert.matches("uh$", support.message(interpreters.create,
      { init = load "local f = error f('uh', 0)" }):match "^[^\n]*")
    assert.equal(count, #interpreters.list_all())
  end)

  it("has the library's functions in the place of Lua's", function()
    local i <close> = interpreters.create()
    local entered, go = threading.Event(), threading.Event()
    local t = i:call_in_thread(function(first, second)
      local pipe <close> = io.popen("read line; echo $line >&2", "w")
      first:set()
      second:wait()
      pipe:write "\n"
    end, entered, go)
    entered:wait()
    assert.is_true(i:call(function() -- its wait for the program to end
      local here <const> = io.popen "echo here"
      return here:read() == "here" and here:close()
    end))
    go:set()
    support.join(t)
  end)
end)

describe("a call in another interpreter", function()
  local i

  before_each(function()
    i = interpreters.create()
  end)

  after_each(function()
    i:close()
  end)

  it("takes an RLock again that the thread has", function()
    local lock = threading.RLock()
    local _ <close> = lock:guard()
    assert.is_true(i:call(function(same)
      local ok = same:acquire(false)
      if ok then
        same:release()
      end
      return ok
    end, lock))
  end)

  it("lets other threads run here", function()
    local event, reached = threading.Event(), threading.Event()
    local t = support.start(function()
      reached:wait()
      event:set()
    end)
    assert.is_true(i:call(function(first, second)
      second:set()
      return first:wait(60)
    end, event, reached))
    support.join(t)
  end)

  it("may go through several", function()
    local j <close> = interpreters.create()
    local ids = table.pack(i:call(function(other)
      local there = require "threading.interpreters"
      return there.get_current().id, other:call(function(...)
        return require("threading.interpreters").get_current().id, ...
      end, nil, 5)
    end, j))
    assert.same({ i.id, j.id, nil, 5, n = 4 }, ids)
  end)

  it("is refused back into one that the thread is in", function()
    local main = interpreters.get_main()
    assert.matches("interpreter 0 already", support.message(i.call, i,
      function(same)
        return same:call(print)
      end, main))
  end)

  it("comes into the main one from a thread of another", function()
    i:prepare_main { main = interpreters.get_main() }
    i:exec [[
      local threading = require "threading"
      local t = threading.Thread { target = function()
        result = main:call(math.max, 2, 8)
      end }
      t:start()
      t:join()
    ]]
    assert.equal(8, i:call(load "return result"))
  end)

  it("says what cannot cross, and changes nothing", function()
    assert.matches("args%[2%]%.list%[1%]: coroutine cannot cross",
      support.message(i.call, i, print, 1, { list = { coroutine.create(print) }
      }))
    assert.matches("results%[1%]: coroutine cannot cross",
      support.message(i.call, i, coroutine.create, print))
    assert.is_false(i:is_running())
  end)

  it("tells an error that cannot cross by its text", function()
    assert.matches("^thread: ", support.message(i.call, i, function()
      error(coroutine.create(print))
    end))
  end)

  it("says where it misses a global that its caller has", function()
    local helper = "threading_spec_helper"
    local cure = ": '" .. helper .. "' is a global of the caller: give it as "
      .. "an argument, or set it there, by prepare_main or a pool's initializer"
    local calls = {
      "return " .. helper .. "()", "return " .. helper .. ".x",
      helper .. " = " .. helper .. " + 1",
    }
    local pool <close> = futures.InterpreterPoolExecutor { max_workers = 1 }
    for _, has in ipairs { true, false } do
      _G[helper] = has and 5 or nil
      for _, code in ipairs(calls) do
        local fn = assert(load(code))
        local _, err = pcall(i.call, i, fn)
        local future = pool:submit(fn)
        assert.equal(has, err:find(cure, 1, true) ~= nil, err)
        assert.equal(has,
          tostring(future:exception()):find(cure, 1, true) ~= nil)
      end
    end
    assert.is_false(pcall(i.call, i, function()
      error({ "(global '" .. helper .. "')" })
    end))
  end)

  it("says which module is missing there", function()
    package.loaded["spec.only_here"] = { f = function() end }
    local message = support.message(i.call, i,
      package.loaded["spec.only_here"].f)
    package.loaded["spec.only_here"] = nil
    assert.matches("spec%.only_here", message)
  end)

  it("ends a thread where threading.exit is called", function()
    local after = false
    local t = support.start(function()
      i:call(function()
        require("threading").exit()
      end)
      after = true
    end)
    support.join(t)
    assert.is_false(after)
  end)

  it("is not cancelled in a shield", function()
    local entered, go = threading.Event(), threading.Event()
    local result, cancelled
    local t = support.start(function()
      result = threading.shield(i.call, i, function(first, second)
        first:set()
        second:wait()
        return "done"
      end, entered, go)
      cancelled = threading.is_cancelled(select(2, pcall(threading.checkpoint)))
    end)
    entered:wait()
    t:cancel()
    go:set()
    support.join(t)
    assert.equal("done", result)
    assert.is_true(cancelled)
  end)

  it("is left by a thread that computes, cancelled at once", function()
    local entered, caught = threading.Event(), nil
    local t = support.start(function()
      caught = select(2, pcall(i.call, i, function(event)
        event:set()
        while true do end
      end, entered))
    end)
    entered:wait()
    t:cancel { asynchronous = true, message = "now" }
    support.join(t)
    assert.equal("now", caught.message)
    assert.equal(1, i:call(math.max, 0, 1))
  end)

  it("catches a cancellation there, and goes on", function()
    local entered = threading.Event()
    local result
    local t = support.start(function()
      result = table.pack(i:call(function(event)
        event:set()
        local ok, err = pcall(require("threading.time").sleep, 1000)
        return ok, require("threading").is_cancelled(err)
      end, entered))
      threading.checkpoint() -- it was met
    end)
    entered:wait()
    t:cancel()
    support.join(t)
    assert.same({ false, true, n = 2 }, result)
  end)

  it("is told where threads wait for each other through it", function()
    local lock <const>, entered = threading.Lock(), threading.Event()
    local message
    lock:acquire()
    local t = support.start(function()
      message = support.message(i.call, i, function(same, event)
        event:set()
        same:acquire()
      end, lock, entered)
    end)
    entered:wait()
    local mine = support.message(t.join, t)
    lock:release()
    support.join(t)
    assert.matches("deadlock: ", mine or message)
  end)

  it("leaves no false alarm of a lock that another one's thread has",
    function()
      local lock <const>, taken = threading.Lock(), threading.Event()
      local t = i:call_in_thread(function(same, event)
        same:acquire()
        event:set()
        require("threading.time").sleep(0.05)
        same:release()
      end, lock, taken)
      taken:wait()
      assert.is_true(lock:acquire())
      lock:release()
      support.join(t)
    end)
end)

describe("an interpreter that is dropped", function()
  it("is closed when the last thread has left it", function()
    local count = #interpreters.list_all()
    local entered, go = threading.Event(), threading.Event()
    local t
    do
      local i = interpreters.create()
      t = i:call_in_thread(function(first, second)
        first:set()
        second:wait()
      end, entered, go)
    end
    entered:wait()
    collectgarbage()
    collectgarbage()
    assert.equal(count + 1, #interpreters.list_all())
    go:set()
    support.join(t)
    t = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    local _ <close> = interpreters.create()
    assert.equal(count + 1, #interpreters.list_all())
  end)

  it("is closed by the next call of any other", function()
    local i <close> = interpreters.create()
    local count = #interpreters.list_all()
    interpreters.create()
    collectgarbage()
    collectgarbage()
    assert.equal(1, i:call(math.max, 0, 1))
    assert.equal(count, #interpreters.list_all())
  end)

  it("may refer to itself", function()
    local count = #interpreters.list_all()
    do
      local i = interpreters.create()
      i:prepare_main { me = i }
      assert.equal(i.id, i:call(load "return me.id"))
      assert.equal(i, i:call(load "return me"))
    end
    collectgarbage()
    collectgarbage()
    interpreters.create():close()
    assert.equal(count, #interpreters.list_all())
  end)
end)

describe("2600 interpreters #long", function()
  if support.is_instrumented() then
    pending "a sanitizer keeps what is freed for a while"
    return
  end

  it("leave no memory and no descriptor behind", function()
    local out = support.output_of [[
      local interpreters = require "threading.interpreters"
      local function count()
        local n = 0
        for line in io.lines "/proc/self/status" do
          n = line:match "^VmRSS:%s*(%d+)" or n
        end
        local descriptors = 0
        for _ in io.popen("ls /proc/$PPID/fd"):lines() do
          descriptors = descriptors + 1
        end
        return tonumber(n), descriptors
      end
      local function round(n)
        for k = 1, n do
          local i = interpreters.create()
          i:exec "t = {} for k = 1, 100 do t[k] = { k } end"
          if k % 50 == 0 then i:exec "require 'threading'" end
          if k % 2 == 0 then i:close() end
          if k % 100 == 0 then collectgarbage() end
        end
        collectgarbage()
        collectgarbage()
        interpreters.create():close()
      end
      if not io.open "/proc/self/status" then
        print "fine"
        os.exit()
      end
      round(1300)
      local memory, descriptors = count()
      round(1300)
      local more, others = count()
      print(more - memory < 4000 and others == descriptors and "fine"
        or more - memory .. " KiB, " .. others - descriptors .. " descriptors")
    ]]
    assert.equal("fine\n", out)
  end)
end)

describe("eight interpreters", function()
  it("are called by eight threads, some of which are cancelled", function()
    local N <const>, ROUNDS <const> = 8, 30
    local all, total = {}, threading.Value "int64"
    local lock, plain = threading.Lock(), threading.Array("int64", 1)
    for k = 1, N do
      all[k] = interpreters.create()
    end
    local function call(k, r)
      local got = all[k]:call(function(value, same, array, n)
        local _ <close> = same:guard()
        array[1] = array[1] + 1
        value:fetch_add(1)
        _G.calls = (_G.calls or 0) + 1
        return { n, { n = n } }
      end, total, lock, plain, r)
      assert(got[1] == r and got[2].n == r)
    end
    local function call_from_another(k)
      local i = interpreters.create()
      support.join(i:call_in_thread(function(other, value)
        other:call(function(same)
          same:fetch_add(0)
        end, value)
      end, all[k], total))
      if k % 2 == 0 then
        i:close()
      end
    end
    local workers = support.start_many(N, function(k)
      for r = 1, ROUNDS do
        call((k * 7 + r * 3) % N + 1, r)
        if r % 10 == k then
          call_from_another(k)
        end
      end
    end)
    local stop = false
    local victims = support.start_many(N, function(k)
      repeat
        pcall(all[k].call, all[k], function()
          for n = 1, 100 do
            local _ = { n }
          end
        end)
      until stop
    end)
    for r = 1, 10 do
      for _, t in ipairs(victims) do
        t:cancel { asynchronous = r % 2 == 0 }
      end
      time.sleep(0)
    end
    support.join(workers)
    stop = true
    support.join(victims)
    local calls = 0
    for k = 1, N do
      calls = calls + all[k]:call(load "return calls or 0")
      all[k]:close()
    end
    assert.same({ N * ROUNDS, N * ROUNDS, N * ROUNDS },
      { total.value, plain[1], calls })
  end)
end)

describe("the memory of an interpreter", function()
  it("has blocks of all sizes, and uses them again", function()
    local i <close> = interpreters.create()
    assert.equal("fine", i:call(function()
      local function fill(size)
        local list, text = {}, ("%d."):format(size):rep(size)
        for k = 1, size do
          list[k] = k
        end
        return { list = list, text = text, size = size }
      end
      local function check(t)
        for k = 1, t.size do
          assert(t.list[k] == k)
        end
        assert(t.text == ("%d."):format(t.size):rep(t.size))
      end
      local kept = {}
      for round = 1, 3 do
        for size = 0, 300 do
          kept[size] = fill(size)
        end
        for size = round, 300, 2 do
          kept[size] = nil
        end
        collectgarbage()
        for _, t in pairs(kept) do
          check(t)
        end
      end
      -- A stack and a table that grow and become small again.
      local function depth(n)
        return n == 0 and 0 or 1 + depth(n - 1)
      end
      assert(depth(1500) == 1500) -- Lua 5.4.0 calls no deeper than 1900
      for k = 1, 20000 do
        kept[k] = k
      end
      for k = 1, 20000 do
        kept[k] = nil
      end
      kept.again = fill(100)
      collectgarbage()
      check(kept.again)
      return "fine"
    end))
  end)

  it("is there for warnings, too", function()
    local r = support.run [[
      local i = require "threading.interpreters".create()
      i:exec "warn 'no' warn '@on' warn('o', 'n', 'e') warn '@off' warn 'no'"
    ]]
    assert.same({ code = 0, out = "", err = "Lua warning: one\n" }, r)
  end)
end)

describe("the end of the program", function()
  local prelude <const> = [[
    local interpreters = require "threading.interpreters"
    local threading = require "threading"
    local time = require "threading.time"
    io.stdout:setvbuf "line"
  ]]

  local function output_of(program)
    return support.output_of(prelude .. program)
  end

  it("waits for non-daemons, and closes one after the other", function()
    assert.equal([[
script ends
thread of 0
thread of 1
daemon of 1
1 is closed
daemon of 0 in 2
2 is closed
0 is closed
]], (output_of [[
      setmetatable({}, { __gc = function() print "0 is closed" end })
      local one, two = interpreters.create(), interpreters.create()
      local ended = threading.Event()
      one:prepare_main { ended = ended }
      one:exec [=[
        local threading = require "threading"
        local time = require "threading.time"
        local asleep = threading.Event()
        setmetatable({}, { __gc = function() print "1 is closed" end })
        threading.Thread { target = function()
          ended:wait()
          asleep:wait()
          time.sleep(0.05)
          print "thread of 1"
        end }:start()
        threading.Thread { daemon = true, target = function()
          local _ <close> = setmetatable({}, { __close = function()
            print "daemon of 1"
          end })
          asleep:set()
          time.sleep(1000)
        end }:start()
      ]=]
      two:exec
        "setmetatable({}, { __gc = function() print '2 is closed' end })"
      threading.Thread { daemon = true, target = function()
        two:call(function()
          local _ <close> = setmetatable({}, { __close = function()
            print "daemon of 0 in 2"
          end })
          while true do end
        end)
      end }:start()
      threading.Thread { target = function()
        threading.main_thread():join() -- it counts as ended at the script's end
        print "thread of 0"
        ended:set()
      end }:start()
      repeat until two:is_running()
      print "script ends"
    ]]))
  end)

  it("waits for the pools of an interpreter", function()
    assert.equal("done\n", (output_of [[
      local i = interpreters.create()
      i:exec [=[
        local futures = require "threading.futures"
        local time = require "threading.time"
        futures.ThreadPoolExecutor(1):submit(function()
          time.sleep(0.1)
          print "done"
        end)
      ]=]
    ]]))
  end)

  it("comes by os.exit in the main one", function()
    local r = support.run(prelude .. [[
      local i = interpreters.create()
      i:exec "setmetatable({}, { __gc = function() print 'closed' end })"
      os.exit(7, true)
    ]])
    assert.same({ code = 7, out = "closed\n", err = "" }, r)
  end)

  it("comes by os.exit in an interpreter", function()
    for _, close in ipairs { "true", "false" } do
      local r = support.run(prelude .. [[
        local i = interpreters.create()
        i:exec "io.write 'bye' os.exit(7, ]] .. close .. [[)"
      ]])
      assert.same({ code = 7, out = "bye", err = "" }, r)
    end
  end)

  it("comes by os.exit in a thread of an interpreter", function()
    local r = support.run(prelude .. [[
      local i = interpreters.create()
      i:exec [=[
        local threading = require "threading"
        threading.Thread { target = os.exit, args = { 7, true } }:start()
      ]=]
      time.sleep(1000)
    ]])
    assert.same({ code = 7, out = "", err = "" }, r)
  end)

  it("comes by os.exit in the main one, entered by another's thread", function()
    local r = support.run(prelude .. [[
      local i = interpreters.create()
      i:prepare_main { main = interpreters.get_main() }
      i:exec [=[
        local threading = require "threading"
        threading.Thread { target = function()
          main:exec "os.exit(7, true)"
        end }:start()
      ]=]
      time.sleep(1000)
    ]])
    assert.same({ code = 7, out = "", err = "" }, r)
  end)

  it("comes by an error", function()
    local r = support.run(prelude .. [[
      local i = interpreters.create()
      i:exec "setmetatable({}, { __gc = function() print 'closed' end })"
      i:call(function() error "boom" end)
    ]])
    assert.equal(1, r.code)
    assert.equal("closed\n", r.out)
    assert.matches("boom\nstack traceback:\n.-error.-\nstack traceback:", r.err)
  end)

  it("comes while a thread closes one", function()
    assert.equal("ends\nclosed\n", (output_of [[
      local i, go = interpreters.create(), threading.Event()
      i:prepare_main { go = go }
      i:exec [=[
        local time = require "threading.time"
        setmetatable({}, { __gc = function()
          go:wait()
          time.sleep(0.1)
          print "closed"
        end })
      ]=]
      local event = threading.Event()
      threading.Thread { target = function()
        event:set()
        i:close()
      end }:start()
      event:wait()
      print "ends"
      go:set()
    ]]))
  end)

  it("is not ended by a finaliser that uses one", function()
    assert.equal("false\tthe program is at its end\n", (output_of [[
      local main = setmetatable({}, { __gc = function()
        print(pcall(interpreters.create))
      end })
      interpreters.create():exec "x = 5"
    ]]):gsub("true.*\n", "false\tthe program is at its end\n"))
  end)
end)

describe("Ctrl-C", function()
  local prelude <const> = [[
    local interpreters = require "threading.interpreters"
    local threading = require "threading"
    local time = require "threading.time"
    local i = interpreters.create()
    local pipe = io.popen "echo $PPID"
    local pid = pipe:read()
    pipe:close()
    local entered = threading.Event()
    i:prepare_main { entered = entered }
    threading.Thread { daemon = true, target = function()
      entered:wait()
      time.sleep(0.05)
      io.popen("kill -INT " .. pid):close() -- os.execute ignores it
    end }:start()
  ]]

  for name, wait in pairs {
    ["a loop"] = "while true do end",
    ["a sleep"] = "require 'threading.time'.sleep(1000)",
    ["a wait for a pipe"] = [[
      local pipe = io.popen "sleep 0.3; echo x"
      pipe:read()
      error "it was not ended"
    ]],
    ["a lock"] = "local l = require 'threading'.Lock() l:acquire() l:acquire()",
    ["another interpreter"] = [[
      local j = require "threading.interpreters".create()
      j:exec "while true do end"
    ]],
  } do
    it("ends " .. name .. " there", function()
      local out = support.output_of(prelude .. ([[
        local ok, err = pcall(i.exec, i, %q)
        print(ok, err)
        print(i:call(math.max, 1, 2))
      ]]):format("entered:set() " .. wait))
      assert.matches("^false\t.*interrupted!\n2\n$", out)
    end)
  end

  it("ends the wait for one that closes", function()
    local r = support.run(prelude .. [[
      i:exec [=[
        local threading = require "threading"
        threading.Thread { target = function()
          entered:set()
          require "threading.time".sleep(1000)
        end }:start()
      ]=]
      i:close()
    ]])
    assert.equal(1, r.code)
    assert.matches("interrupted!", r.err)
  end)
end)
