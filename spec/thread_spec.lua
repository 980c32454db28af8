local _thread = require "threading._thread"
local support = require "spec.support"
local threading = require "threading"
local time = require "threading.time"

local Thread = threading.Thread

local function nothing() end

-- A thread that lives until it is told to end.
local function long_one(options)
  local ended = false
  options = options or {}
  options.target = function()
    support.wait_until(function()
      return ended
    end)
  end
  local t = Thread(options)
  return t, function()
    ended = true
    support.join(t)
  end
end

after_each(function()
  assert.same({ threading.main_thread() }, threading.enumerate())
end)

describe("Thread: making", function()
  it("passes args, trailing nils counted by n", function()
    local got
    local function target(...)
      got = table.pack(...)
    end
    for _, case in ipairs {
      { nil, { n = 0 } },
      { {}, { n = 0 } },
      { { 5 }, { 5, n = 1 } },
      { { 5, false, "x" }, { 5, false, "x", n = 3 } },
      { table.pack(nil, 1, nil), { nil, 1, nil, n = 3 } },
      { { 1, 2, 3, n = 2 }, { 1, 2, n = 2 } },
      { { 1, 2, 3, n = 2.0 }, { 1, 2, n = 2 } },
    } do
      got = nil
      local t = Thread { target = target, args = case[1] }
      t:start()
      support.join(t)
      assert.same(case[2], got)
    end
  end)

  it("takes any callable target", function()
    local got
    local callable = setmetatable({}, {
      __call = function(self, x)
        got = { self, x }
      end,
    })
    local t = Thread { target = callable, args = { 7 } }
    t:start()
    support.join(t)
    assert.equal(callable, got[1])
    assert.equal(7, got[2])
  end)

  it("without a target starts and ends", function()
    for _, t in ipairs { Thread(), Thread {} } do
      t:start()
      assert.is_true(t:join())
    end
  end)

  it("does not keep or change the options", function()
    local options = { target = nothing, args = { 1 }, name = "x" }
    local t = Thread(options)
    options.name, options.args, options.target = "y", nil, error
    assert.equal("x", t.name)
    t:start()
    assert.is_true(t:join())
    assert.same({ name = "y", target = error }, options)
  end)

  it("several objects of the same options are independent", function()
    local ran = support.counter()
    local options = { target = ran, args = { 1 } }
    local a, b = Thread(options), Thread(options)
    a:start()
    b:start()
    support.join { a, b }
    assert.equal(2, ran())
    assert.not_equal(a.ident, b.ident)
  end)
end)

describe("Thread: name", function()
  it("is the given one, a number as text", function()
    assert.equal("LoopThread", Thread { name = "LoopThread" }.name)
    assert.equal("5", Thread { name = 5 }.name)
  end)

  it("is Thread-N by default, and for an empty one", function()
    local a, b = Thread().name, Thread { name = "", target = nothing }.name
    assert.matches("^Thread%-%d+$", a)
    assert.matches("^Thread%-%d+$", b)
    assert.equal(tonumber(a:match "%d+") + 1, tonumber(b:match "%d+"))
  end)

  it("can be changed before, during and after its life", function()
    local t, finish = long_one()
    for _, name in ipairs { "before", "during", "after" } do
      t.name = name
      assert.equal(name, t.name)
      if name == "before" then
        t:start()
      elseif name == "during" then
        finish()
      end
    end
    t.name = 12
    assert.equal("12", t.name)
  end)

  it("of the main thread is MainThread", function()
    assert.equal("MainThread", threading.main_thread().name)
    assert.equal(threading.main_thread(), threading.current_thread())
  end)

  local function os_name()
    local f <close> = io.open(("/proc/self/task/%d/comm"):format(
      threading.get_native_id()))
    return f and f:read "l"
  end

  it("is borne by the OS thread, 15 bytes, no character split", function()
    if not os_name() then
      pending "no /proc here"
      return
    end
    for name, expected in pairs {
      LoopThread = "LoopThread",
      ["0123456789abcdefgh"] = "0123456789abcde",
      ["0123456789abcd\u{e9}"] = "0123456789abcd",
      ["0123456789abc\u{e9}x"] = "0123456789abc\u{e9}",
      ["0123456789abc\u{20ac}"] = "0123456789abc",
      ["cut\0here"] = "cut",
    } do
      local got
      local t = Thread { name = name, target = function()
        got = os_name()
      end }
      t:start()
      support.join(t)
      assert.equal(expected, got)
      assert.equal(name, t.name)
    end
  end)

  it("changed by the thread itself, changes the OS thread's", function()
    if not os_name() then
      pending "no /proc here"
      return
    end
    assert.equal("renamed", support.in_thread(function()
      threading.current_thread().name = "renamed"
      return os_name()
    end))
  end)
end)

describe("Thread: daemon", function()
  it("is false by default, and as given", function()
    assert.is_false(Thread().daemon)
    assert.is_true(Thread { daemon = true }.daemon)
    assert.is_false(threading.main_thread().daemon)
  end)

  it("is inherited from the creator, unless given", function()
    local inherited, given
    local t = Thread {
      daemon = true,
      target = function()
        inherited = Thread().daemon
        given = Thread { daemon = false }.daemon
      end,
    }
    t:start()
    support.join(t)
    assert.is_true(inherited)
    assert.is_false(given)
  end)

  it("can be set until the start", function()
    local t, finish = long_one()
    t.daemon = true
    assert.is_true(t.daemon)
    t.daemon = false
    assert.is_false(t.daemon)
    t:start()
    local message = support.message(function()
      t.daemon = true
    end)
    finish()
    assert.equal("cannot set daemon status of active thread; set it before "
      .. "start()", message)
    assert.is_false(t.daemon)
    assert.equal(message, support.message(function()
      t.daemon = true
    end))
  end)
end)

describe("Thread: ident and native_id", function()
  it("are nil before the start, and kept after the end", function()
    local t, finish = long_one()
    assert.is_nil(t.ident)
    assert.is_nil(t.native_id)
    t:start()
    local ident, native_id = t.ident, t.native_id
    finish()
    assert.equal("integer", math.type(ident))
    assert.equal("integer", math.type(native_id))
    assert.not_equal(0, ident)
    assert.not_equal(0, native_id)
    assert.equal(ident, t.ident)
    assert.equal(native_id, t.native_id)
  end)

  it("are what get_ident and get_native_id say inside", function()
    local ident, native_id
    local t = Thread { target = function()
      ident, native_id = threading.get_ident(), threading.get_native_id()
    end }
    t:start()
    support.join(t)
    assert.equal(t.ident, ident)
    assert.equal(t.native_id, native_id)
    local main = threading.main_thread()
    assert.equal(main.ident, threading.get_ident())
    assert.equal(main.native_id, threading.get_native_id())
  end)

  it("of 10 living threads and the main one all differ", function()
    local go, seen, count = false, {}, 0
    local list = support.start_many(10, function()
      support.wait_until(function()
        return go
      end)
    end)
    for _, t in ipairs(threading.enumerate()) do
      seen[t.native_id] = true
    end
    go = true
    support.join(list)
    for _ in pairs(seen) do
      count = count + 1
    end
    assert.equal(11, count)
  end)

  it("an ident is never used again", function()
    local seen = {}
    for _ = 1, 50 do
      local t = support.start(nothing)
      support.join(t)
      assert.is_nil(seen[t.ident])
      seen[t.ident] = true
    end
  end)

  it("cannot be set", function()
    local t = Thread()
    for _, field in ipairs { "ident", "native_id" } do
      assert.matches("cannot set " .. field, support.message(function()
        t[field] = 1
      end))
      assert.is_nil(t[field])
    end
  end)
end)

describe("Thread: tostring and is_alive", function()
  it("say initial, started, stopped", function()
    local t, finish = long_one { name = "T" }
    assert.equal("<Thread(T, initial)>", tostring(t))
    assert.is_false(t:is_alive())
    t:start()
    local text, alive = tostring(t), t:is_alive()
    finish()
    assert.equal(("<Thread(T, started %d)>"):format(t.ident), text)
    assert.is_true(alive)
    assert.equal(("<Thread(T, stopped %d)>"):format(t.ident), tostring(t))
    assert.is_false(t:is_alive())
  end)

  it("say daemon", function()
    local t, finish = long_one { name = "T", daemon = true }
    assert.equal("<Thread(T, initial daemon)>", tostring(t))
    t:start()
    local text = tostring(t)
    finish()
    assert.equal(("<Thread(T, started daemon %d)>"):format(t.ident), text)
  end)

  it("stopped comes without a join", function()
    local t = support.start(nothing)
    support.wait_until(function()
      return not t:is_alive()
    end)
    assert.matches("stopped", tostring(t))
  end)
end)

describe("Thread: own fields and classes", function()
  it("keeps any other field, also one that is set by the thread", function()
    local t = Thread { target = function()
      threading.current_thread().result = 42
    end }
    t.mine = { 1 }
    t[1] = "one"
    t:start()
    support.join(t)
    assert.same({ 1 }, t.mine)
    assert.equal("one", t[1])
    assert.equal(42, t.result)
    assert.is_nil(t.nothing)
  end)

  it("run may be set in the object", function()
    local got
    local t = Thread { target = error }
    t.run = function(self, ...)
      got = { self, threading.current_thread(), select("#", ...) }
    end
    t:start()
    support.join(t)
    assert.same({ t, t, 0 }, got)
  end)

  it("run can be called directly, once", function()
    local n, thread = 0
    local t = Thread { target = function(k)
      n, thread = n + k, threading.current_thread()
    end, args = { 2 } }
    t:run()
    t:run()
    assert.equal(2, n)
    assert.equal(threading.main_thread(), thread)
    assert.is_false(t:is_alive())
  end)

  it("run in the object may call the class's", function()
    local list = {}
    local t = Thread { target = function()
      list[#list + 1] = "target"
    end }
    t.run = function(self)
      list[#list + 1] = "before"
      Thread.run(self)
      list[#list + 1] = "after"
    end
    t:start()
    support.join(t)
    assert.same({ "before", "target", "after" }, list)
  end)

  it("a class is derived with init and run", function()
    local Adder = Thread:extend "Adder"
    function Adder:init(a, b)
      Thread.init(self, { name = "sum" })
      self.a, self.b = a, b
    end
    function Adder:run()
      self.sum = self.a + self.b
    end
    local t = Adder(3, 4)
    assert.equal("<Adder(sum, initial)>", tostring(t))
    t:start()
    assert.is_true(t:join())
    assert.equal(7, t.sum)
    assert.equal("sum", t.name)
    assert.matches("^<Adder%(sum, stopped %d+%)>$", tostring(t))
  end)

  it("a class of a class inherits methods and init", function()
    local A = Thread:extend "A"
    function A:greet()
      return "A " .. self.name
    end
    local B = A:extend "B"
    local t = B { name = "b" }
    assert.equal("A b", t:greet())
    function B:greet()
      return "B, " .. A.greet(self)
    end
    assert.equal("B, A b", t:greet())
    assert.is_nil(Thread.greet)
    assert.equal("<B(b, initial)>", tostring(t))
    t:start()
    support.join(t)
  end)

  it("current_thread in a derived one is the object", function()
    local C, got = Thread:extend "C"
    function C.run()
      got = threading.current_thread()
    end
    local t = C()
    t:start()
    support.join(t)
    assert.equal(t, got)
  end)

  it("an init that does not call Thread.init is told so", function()
    local C = Thread:extend "C"
    function C.init() end
    local t = C()
    for _, f in ipairs {
      t.start, t.join, t.is_alive, t.run,
      function(self)
        return self.name
      end,
      tostring,
    } do
      assert.matches("Thread.init%(%) was not called", support.message(f, t))
    end
  end)
end)

describe("Thread: kwargs", function()
  it("is one argument more, behind args", function()
    local kwargs = { verbose = true }
    for _, case in ipairs {
      { nil, { kwargs, n = 1 } },
      { {}, { kwargs, n = 1 } },
      { { 1, 2 }, { 1, 2, kwargs, n = 3 } },
      { { n = 2 }, { nil, nil, kwargs, n = 3 } },
    } do
      local got
      support.join(threading.Thread {
        target = function(...)
          got = table.pack(...)
        end,
        args = case[1], kwargs = kwargs,
      }:start())
      assert.same(case[2], got)
      assert.equal(kwargs, got[got.n])
    end
  end)

  it("is a table, or there is none", function()
    for _, bad in ipairs { 1, "x", true, print } do
      assert.matches("bad argument 'kwargs' to 'Thread' (table expected",
        support.message(threading.Thread, { kwargs = bad }), 1, true)
    end
  end)
end)

describe("Thread: start and join", function()
  it("start returns the thread, which lives", function()
    local t, finish = long_one()
    local started = t:start()
    local alive = t:is_alive()
    finish()
    assert.equal(t, started)
    assert.is_true(alive)
  end)

  it("start returns one of a derived class, too", function()
    local Loader = Thread:extend "Loader"
    local loader = Loader()
    assert.equal(loader, loader:start())
    support.join(loader)
  end)

  it("a second start raises, and changes nothing", function()
    local t, finish = long_one()
    t:start()
    local message = support.message(t.start, t)
    local text = tostring(t)
    finish()
    assert.equal("threads can only be started once; make another Thread",
      message)
    assert.matches("started", text)
    assert.equal(message, support.message(t.start, t))
    assert.equal(message,
      support.message(t.start, threading.main_thread()))
  end)

  it("join waits, and returns true, again and again", function()
    local t, finish = long_one()
    t:start()
    finish()
    assert.is_true(t:join())
    assert.is_true(t:join(0))
    assert.is_true(t:join(5))
  end)

  it("join returns false at the timeout, and the thread goes on", function()
    local t, finish = long_one()
    t:start()
    local start = time.monotonic()
    local r = { t:join(0), t:join(0.02) }
    local elapsed, alive = time.monotonic() - start, t:is_alive()
    finish()
    assert.same({ false, false }, r)
    assert.is_true(elapsed >= 0.02)
    assert.is_true(alive)
  end)

  it("join before the start raises", function()
    assert.equal("cannot join thread before it is started; call `t:start()`",
      support.message(Thread.join, Thread()))
  end)

  it("join of oneself raises, in any thread", function()
    local message = "cannot join current thread"
    local function join_self()
      return support.message(Thread.join, threading.current_thread())
    end
    assert.equal(message, join_self())
    assert.equal(message, support.in_thread(join_self))
  end)

  it("many threads may join one", function()
    local t, finish = long_one()
    t:start()
    local results = {}
    local list = support.start_many(19, function(i)
      results[i] = t:join()
    end)
    support.wait_parked(19, "thread")
    finish()
    support.join(list)
    for i = 1, 19 do
      assert.is_true(results[i])
    end
  end)

  it("a chain of joins ends in order", function()
    local order, go = {}, false
    local a = support.start(function()
      support.wait_until(function()
        return go
      end)
      order[#order + 1] = "a"
    end)
    local b = support.start(function()
      a:join()
      order[#order + 1] = "b"
    end)
    local c = support.start(function()
      b:join()
      order[#order + 1] = "c"
    end)
    support.wait_parked(2, "thread")
    go = true
    support.join(c)
    assert.same({ "a", "b", "c" }, order)
  end)

  it("a joined thread is never enumerated", function()
    local interval = threading.getswitchinterval()
    local seen = 0
    for i = 1, 100 do
      threading.setswitchinterval(0.0002 * i)
      local t = support.start(nothing)
      t:join()
      for _, other in ipairs(threading.enumerate()) do
        if other == t then
          seen = seen + 1
        end
      end
    end
    threading.setswitchinterval(interval)
    assert.equal(0, seen)
  end)

  it("threads that nobody joins leave nothing behind", function()
    local weak = setmetatable({}, { __mode = "k" })
    for _ = 1, 50 do
      weak[support.start(nothing)] = true
    end
    support.wait_until(function()
      return threading.active_count() == 1
    end)
    support.wait_until(function()
      collectgarbage()
      return next(weak) == nil
    end, "the ended threads to be collected")
  end)

  it("the target and its arguments are released after the run", function()
    local weak = setmetatable({}, { __mode = "v" })
    local calls = support.excepthook_calls(function()
      for i, fails in ipairs { false, true } do
        local arg = {} -- lives until the thread is made
        local function target()
          if fails then
            error "x"
          end
        end
        weak[i], weak[i + 2] = arg, target
        local t = Thread { target = target, args = { arg } }
        t:start()
        support.join(t)
        weak[t] = t
      end
    end)
    assert.equal(1, #calls)
    calls = nil
    collectgarbage()
    collectgarbage()
    for i = 1, 4 do
      assert.is_nil(weak[i])
    end
    assert.is_nil(calls)
  end)

  it("more than a hundred at a time", function()
    local go, ran = threading.Event(), support.counter()
    local list = support.start_many(150, function()
      go:wait()
      ran(1)
    end)
    assert.equal(151, threading.active_count())
    go:set()
    support.join(list)
    assert.equal(150, ran())
  end)

  it("threads start threads", function()
    local ran = support.counter()
    local function tree(depth)
      ran(1)
      if depth > 0 then
        support.join(support.start_many(2, function()
          tree(depth - 1)
        end))
      end
    end
    tree(5)
    assert.equal(63, ran())
  end)

  -- Lua 5.4.0 left each of them fewer nested calls than its starter had.
  it("each may start the next, hundreds of times", function()
    local ended = threading.Event()
    local function step(left)
      if left == 0 then
        ended:set()
      else
        support.start(step, left - 1)
      end
    end
    support.start(step, 300)
    assert.is_true(ended:wait(support.PATIENCE))
  end)

  it("a handle may be collected while its thread runs", function()
    local go, done = false, support.counter()
    for _ = 1, 10 do
      support.start(function()
        support.wait_until(function()
          return go
        end)
        done(1)
      end)
    end
    collectgarbage()
    collectgarbage()
    go = true
    support.wait_until(function()
      return threading.active_count() == 1
    end)
    assert.equal(10, done())
  end)

  it("a start that the system refuses raises, and changes nothing", function()
    local too_much = string.packsize "T" == 8 and 1 << 46 or 0xf0000000
    local before = threading.stack_size(too_much) -- cannot be mapped
    local t = Thread { name = "big", target = nothing }
    local message = support.message(t.start, t)
    local low = support.message(_thread.start_new_thread, nothing)
    threading.stack_size(before)
    assert.matches("^can't start new thread: ", message)
    assert.matches("^can't start new thread: ", low)
    assert.equal("<Thread(big, initial)>", tostring(t))
    assert.is_nil(t.ident)
    assert.is_false(t:is_alive())
    assert.equal(1, threading.active_count())
    t:start() -- it is as new
    assert.is_true(t:join())
  end)

  it("a start under a memory limit raises, and the rest goes on", function()
    if support.is_instrumented() then
      pending "a sanitizer needs more address space than the limit"
      return
    end
    local out = support.output_of([[
      local threading = require "threading"
      local time = require "threading.time"
      threading.stack_size(64 << 20)
      local list, go, message = {}, false
      for i = 1, 100 do
        local t = threading.Thread { target = function()
          while not go do
            time.sleep(0)
          end
        end }
        local ok, err = pcall(t.start, t)
        if not ok then
          message = err
          assert(tostring(t):find "initial")
          break
        end
        list[i] = t
      end
      assert(message:find "can't start new thread", message)
      assert(threading.active_count() == #list + 1)
      go = true
      for _, t in ipairs(list) do
        t:join()
      end
      assert(threading.active_count() == 1)
      threading.stack_size(0)
      print(#list > 0)
    ]], { before = "ulimit -v 1000000" })
    assert.equal("true\n", out)
  end)
end)

describe("the register", function()
  it("enumerate and active_count agree, the main thread first", function()
    local t, finish = long_one()
    local unstarted = Thread()
    t:start()
    local list, n = threading.enumerate(), threading.active_count()
    local inside = support.in_thread(function()
      return { #threading.enumerate(), threading.active_count() }
    end)
    finish()
    assert.same({ threading.main_thread(), t }, list)
    assert.equal(2, n)
    assert.same({ 3, 3 }, inside)
    assert.is_false(unstarted:is_alive())
  end)

  it("they list a thread whose object a program has spoilt", function()
    local r = support.run [[
      local threading = require "threading"
      local _thread = require "threading._thread"
      local time = require "threading.time"
      for _, value in ipairs { false, {}, "x", 1 } do
        local go = threading.Event()
        local t = threading.Thread { target = function()
          go:wait()
          error("of the spoilt one", 0)
        end }
        t:start()
        while not _thread._parked()[t.ident] do time.sleep(0) end
        for key in next, t do rawset(t, key, value or nil) end
        assert(threading.active_count() == 2)
        assert(threading.enumerate()[2] == t)
        go:set()
        while threading.active_count() > 1 do time.sleep(0) end
      end
    ]]
    assert.equal(0, r.code, r.err)
    assert.equal(4, select(2, r.err:gsub(
      "Exception in thread %d+:\nof the spoilt one\n", "")), r.err)
  end)

  it("a list from enumerate is the caller's own", function()
    threading.enumerate()[1] = nil
    assert.equal(1, #threading.enumerate())
  end)

  it("daemons are enumerated", function()
    local t, finish = long_one { daemon = true }
    t:start()
    local list = threading.enumerate()
    finish()
    assert.equal(t, list[2])
  end)

  it("current_thread and main_thread, from any thread", function()
    local current, main
    local t = support.start(function()
      current, main = threading.current_thread(), threading.main_thread()
    end)
    support.join(t)
    assert.equal(t, current)
    assert.equal(threading.main_thread(), main)
  end)

  it("current_thread in a coroutine is the thread that runs it", function()
    local co = coroutine.wrap(function()
      while true do
        coroutine.yield(threading.current_thread())
      end
    end)
    local t = support.start(function()
      threading.current_thread().seen = co()
    end)
    support.join(t)
    assert.equal(t, t.seen)
    assert.equal(threading.main_thread(), co())
  end)
end)
