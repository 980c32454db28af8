-- What errors say: each class of mistakes has its text here, word for word. It
-- names what is wrong, and says what to write instead. (tools/messages.lua
-- prints many more, to be read.)

local futures = require "threading.futures"
local queue = require "threading.queue"
local support = require "spec.support"
local threading = require "threading"

local function nothing() end

-- The error of fn(...), whose place must be in this file.
local function message_of(fn)
  local ok, message = pcall(fn)
  assert.is_false(ok)
  local place, text = message:match "^(%S+:%d+): (.*)$"
  assert.matches("messages_spec%.lua:%d+$", place or message)
  return text
end

local function each(cases)
  for _, case in ipairs(cases) do
    local text, fn = case[1], case[2]
    it(text, function()
      assert.equal(text, message_of(fn))
    end)
  end
end

describe("A dot in the place of a colon:", function()
  local t, lock, q = threading.Thread(), threading.Lock(), queue.Queue()
  local event, value = threading.Event(), threading.Value "int64"
  local array, timer = threading.Array("int8", 1), threading.Timer(1, nothing)
  local pool = futures.ThreadPoolExecutor(1)
  local future = pool:submit(nothing)
  pool:shutdown()

  each {
    { "bad argument #1 to 'start' (threading.Thread expected, got nil); use "
      .. "`t:start()`", function() t.start() end },
    { "bad argument #1 to 'join' (threading.Thread expected, got no value); "
      .. "use `t:join()`", function() t.join() end },
    { "bad argument #1 to 'join' (threading.Thread expected, got number); use "
      .. "`t:join(...)`", function() t.join(1) end },
    { "bad argument #1 to 'cancel' (threading.Timer expected, got nil); use "
      .. "`timer:cancel()`", function() timer.cancel() end },
    { "bad argument #1 to 'acquire' (threading.Lock expected, got no value); "
      .. "use `lock:acquire()`", function() lock.acquire() end },
    { "bad argument #1 to 'with' (threading.Lock expected, got function); use "
      .. "`lock:with(...)`", function() lock.with(nothing) end },
    { "bad argument #1 to 'put' (threading.Queue expected, got number); use "
      .. "`q:put(...)`", function() q.put(1) end },
    { "bad argument #1 to 'result' (threading.Future expected, got no value); "
      .. "use `future:result()`", function() future.result() end },
    { "bad argument #1 to 'submit' (threading.ThreadPoolExecutor expected, got "
      .. "function); use `pool:submit(...)`",
      function() pool.submit(nothing) end },
    { "bad argument #1 to 'wait' (threading.Event expected, got number); use "
      .. "`event:wait(...)`", function() event.wait(1) end },
    { "bad argument #1 to 'fetch_add' (threading.Value expected, got number); "
      .. "use `value:fetch_add(...)`", function() value.fetch_add(1) end },
    { "bad argument #1 to 'fill' (threading.Array expected, got number); use "
      .. "`array:fill(...)`", function() array.fill(1) end },
    { "bad argument 'self' to 'extend' (class Thread expected, got string); "
      .. "use `Thread:extend(...)`",
      function() threading.Thread.extend "Worker" end },
    { "bad argument 'self' to 'extend' (class Local expected, got string); "
      .. "use `Local:extend(...)`",
      function() threading.Local.extend "Data" end },
  }

  it("has no such advice for another object with a colon", function()
    local other = { acquire = lock.acquire, start = t.start }
    assert.equal("calling 'acquire' on bad self (threading.Lock expected, got "
      .. "table)", message_of(function() other:acquire() end))
    other = setmetatable({}, { __index = pool })
    assert.equal("calling 'submit' on bad self (threading.ThreadPoolExecutor "
      .. "expected, got table)", message_of(function() other:submit() end))
  end)

  it("names the method, however it is called", function()
    for name, method in pairs { start = t.start, map = pool.map,
      cancel = timer.cancel, acquire = lock.acquire } do
      local _, message = pcall(method, 5)
      assert.matches("^bad argument #1 to '" .. name .. "' %(.*; use `%l+:"
        .. name .. "%(%.%.%.%)`$", message)
    end
  end)
end)

describe("Options:", function()
  local lock = threading.Lock()

  each {
    { "bad argument 'options' to 'Thread' (table expected, got function); "
      .. "write `Thread { target = print }`",
      function() threading.Thread(print) end },
    { "unexpected keyword argument '1' to 'Thread'; it takes args, daemon, "
      .. "kwargs, name, target; write `Thread { target = print }`",
      function() threading.Thread { print } end },
    { "unexpected keyword argument 'tagret' to 'Thread'; it takes args, "
      .. "daemon, kwargs, name, target",
      function() threading.Thread { tagret = print } end },
    { "unexpected keyword argument 'tiemout' to 'acquire'; it takes blocking, "
      .. "timeout", function() lock:acquire { tiemout = 1 } end },
    { "unexpected keyword argument '1' to 'acquire'; it takes blocking, "
      .. "timeout, each by its name", function() lock:acquire { true } end },
    { "unexpected keyword argument 'flag' to 'kernel'; it takes cc, flags, "
      .. "timeout", function() threading.kernel("", { flag = "-g" }) end },
    { "unexpected keyword argument 'flag' to 'compile'; it takes cc, eager, "
      .. "fallback, fast, flags, timeout",
      function() threading.compile(nothing, { flag = "-g" }) end },
    { "unexpected keyword argument 'time' to 'explore'; it takes bound, clock, "
      .. "depth, ignore, invariant, isolate, library, max_steps, max_time, "
      .. "progress, replay, schedules, seed, shrink, split, strategy",
      function() require "threading.explore"(nothing, { time = 1 }) end },
    { "bad argument 'interval' (number of seconds expected, got function); "
      .. "write `Timer(interval, fn, args)`",
      function() threading.Timer(print, 1) end },
    { "bad argument 'args' to 'Thread' (table expected, got 5)",
      function() threading.Thread { target = print, args = 5 } end },
  }
end)

describe("Words:", function()
  each {
    { "bad argument #1 to 'Value' (type: unknown type 'real'; known are int8, "
      .. "int16, int32, int64, uint8, uint16, uint32, uint64, float32, "
      .. "float64)", function() threading.Value "real" end },
    { "bad argument #1 to 'deadlock_policy' (policy: unknown policy 'on'; "
      .. "known are certain, cycle, off)",
      function() threading.deadlock_policy "on" end },
    { "bad argument #1 to 'dump_on_signal' (name: unknown signal 'USR3'; known "
      .. "are QUIT, USR1, USR2, HUP, INT, TERM, ALRM, WINCH)",
      function() threading.dump_on_signal "USR3" end },
    { "bad argument 'return_when' to 'wait' (invalid condition: ALL; known are "
      .. "ALL_COMPLETED, FIRST_COMPLETED, FIRST_EXCEPTION)",
      function() futures.wait({}, 1, "ALL") end },
    { "bad argument 'strategy' (one of \"auto\", \"random\", \"pct\", "
      .. "\"systematic\" expected, got \"dfs\")",
      function()
        require "threading.explore"(nothing, { strategy = "dfs" })
      end },
    { "bad argument #1 to 'interrupt_main' (signum: signal number out of "
      .. "range; SIGINT's is 2)",
      function() threading.interrupt_main(1 << 40) end },
    { "bad argument #2 to 'acquire' (timeout: is too large; at most "
      .. "TIMEOUT_MAX seconds, or math.huge for ever)",
      function() threading.Semaphore():acquire(true, 1e100) end },
    { "bad argument #1 to 'put' (item: must not be nil, which get returns "
      .. "where there is none)", function() queue.Queue():put(nil) end },
    { "bad argument #1 to 'wait_fd' (fd: integer, file or object with getfd "
      .. "expected, got threading.Array)", function()
        require "threading.io".wait_fd(threading.Array("int8", 1), "r")
      end },
  }
end)

describe("Locks:", function()
  local lock, rlock = threading.Lock(), threading.RLock()
  local condition = threading.Condition(lock)
  local bounded = threading.BoundedSemaphore()

  each {
    { "release unlocked lock", function() lock:release() end },
    { "cannot release un-acquired lock", function() rlock:release() end },
    { "release unlocked lock at the end of a block; write `local _ <close> = "
      .. "lock:guard()`, which takes it, and do not release it in the block",
      function() local _ <close> = lock end },
    { "cannot release un-acquired lock at the end of a block; write `local _ "
      .. "<close> = rlock:guard()`, which takes it, and do not release it in "
      .. "the block", function() local _ <close> = rlock end },
    { "release unlocked lock at the end of a block; write `local _ <close> = "
      .. "condition:guard()`, which takes it, and do not release it in the "
      .. "block", function() local _ <close> = condition end },
    { "Semaphore released too many times at the end of a block; write `local "
      .. "_ <close> = semaphore:guard()`, which takes it, and do not release "
      .. "it in the block", function() local _ <close> = bounded end },
    { "cannot wait on un-acquired lock; take it first: `local _ <close> = "
      .. "condition:guard()`", function() condition:wait() end },
    { "cannot notify on un-acquired lock; take it first: `local _ <close> = "
      .. "condition:guard()`", function() condition:notify() end },
  }

  it("an RLock's release says who has acquired it", function()
    support.in_thread(rlock.acquire, rlock)
    assert.matches("^cannot release un%-acquired lock; %S+ has acquired it$",
      message_of(function() rlock:release() end))
  end)

  it("a Lock that its holder takes again: RLock is named", function()
    local out = support.output_of [[
      local lock = require "threading".Lock()
      lock:acquire()
      print(select(2, pcall(function() lock:acquire() end)))
    ]]
    assert.matches("^%S+:3: deadlock: a thread waits for itself\n"
      .. "    MainThread waits for Lock [^\n]- at %S+:3, held by MainThread\n"
      .. "    its holder cannot acquire a Lock again: use an RLock\n$", out)
  end)
end)

describe("A PriorityQueue whose items cannot be compared:", function()
  local HINT <const> = "; a PriorityQueue compares its items by `<`: put "
    .. "numbers, or strings, or objects with a metamethod __lt"
  local with_lt = setmetatable({}, { __lt = function() return true end })

  local function put(...)
    local q = queue.PriorityQueue()
    for _, item in ipairs { ... } do
      q:put(item)
    end
  end

  each {
    { "attempt to compare two table values" .. HINT,
      function() put({}, {}) end },
    { "attempt to compare string with number" .. HINT,
      function() put(1, "x") end },
    { "attempt to compare two boolean values" .. HINT,
      function() put(true, false) end },
    { "attempt to compare threading.Lock with table" .. HINT,
      function() put({}, threading.Lock()) end },
  }

  it("those that can are", function()
    put(with_lt, with_lt, {}, with_lt)
    put({}, with_lt)
  end)

  it("of a get, too", function()
    local q = queue.PriorityQueue()
    local meta = { __lt = function() return false end }
    for _ = 1, 3 do
      q:put(setmetatable({}, meta))
    end
    meta.__lt = nil
    assert.equal("attempt to compare two table values" .. HINT,
      message_of(function() q:get() end))
    assert.equal(3, q:qsize())
  end)
end)

describe("Threads:", function()
  local done = threading.Thread():start()
  done:join()
  local new = threading.Thread()

  each {
    { "threads can only be started once; make another Thread",
      function() done:start() end },
    { "cannot join thread before it is started; call `t:start()`",
      function() new:join() end },
    { "cannot join current thread",
      function() threading.current_thread():join() end },
    { "cannot set daemon status of active thread; set it before start()",
      function() done.daemon = true end },
    { "Thread.init() was not called on this object; the 'init' of a derived "
      .. "class has to call `Thread.init(self, options)`", function()
        local Class = threading.Thread:extend "Class"
        function Class:init() self.x = 1 end
        Class():start()
      end },
    { "cannot set ident of a thread", function() done.ident = 1 end },
  }
end)

describe("Guessed names:", function()
  local guesses = require "threading.private.guesses"
  local interpreters = require "threading.interpreters"
  local time = require "threading.time"
  local lock, rlock, event = threading.Lock(), threading.RLock(),
    threading.Event()
  local q, t, value = queue.Queue(), threading.Thread(), threading.Value "int8"
  local array, barrier = threading.Array("int8", 1), threading.Barrier(1)
  local pool = futures.ThreadPoolExecutor(1)
  local future = pool:submit(nothing)
  pool:shutdown()

  each {
    { 'threading.sleep: it is require "threading.time".sleep',
      function() threading.sleep(1) end },
    { 'threading.Queue: it is require "threading.queue".Queue',
      function() threading.Queue() end },
    { 'threading.ThreadPoolExecutor: it is require "threading.futures"'
      .. ".ThreadPoolExecutor", function() threading.ThreadPoolExecutor() end },
    { "threading.thread: it is threading.Thread",
      function() threading.thread {} end },
    { "threading.lock: it is threading.Lock",
      function() threading.lock() end },
    { "threading.currentThread: it is threading.current_thread",
      function() threading.currentThread() end },
    { "threading.activeCount: it is threading.active_count",
      function() threading.activeCount() end },
    { "threading.start_new_thread: it is threading.Thread { target = fn }"
      .. ":start()", function() threading.start_new_thread(print) end },
    { "threading.time: it is a module of its own: require \"threading.time\"",
      function() threading.time.sleep(1) end },
    { 'threading.queue.queue: it is require "threading.queue".Queue',
      function() queue.queue() end },
    { "threading.queue.Thread: it is threading.Thread",
      function() queue.Thread() end },
    { 'threading.time.perfCounter: it is require "threading.time"'
      .. ".perf_counter", function() time.perfCounter() end },
    { 'threading.interpreters.Queue: it is require "threading.interpreters"'
      .. ".create_queue", function() interpreters.Queue() end },
    { "a threading.Lock has no 'lock'; use `lock:acquire()`",
      function() lock:lock() end },
    { "a threading.Lock has no 'unlock'; use `lock:release()`",
      function() lock:unlock() end },
    { "a threading.RLock has no 'try_lock'; use `rlock:acquire(false)`",
      function() rlock:try_lock() end },
    { "a threading.Event has no 'signal'; use `event:set()`",
      function() event:signal() end },
    { "a threading.Event has no 'isSet'; use `event:is_set()`",
      function() event:isSet() end },
    { "a threading.Queue has no 'push'; use `q:put()`",
      function() q:push(1) end },
    { "a threading.Value has no 'get'; use `value.value`",
      function() value:get() end },
    { "a threading.Array has no 'size'; use `#array`",
      function() array:size() end },
    { "a threading.Barrier has no 'sync'; use `barrier:wait()`",
      function() barrier:sync() end },
    { "a threading.ThreadPoolExecutor has no 'close'; use `pool:shutdown()`",
      function() pool:close() end },
    { "a threading.Future has no 'get'; use `future:result()`",
      function() future:get() end },
    { "a threading.Thread has no 'isAlive'; use `t:is_alive()`",
      function() t:isAlive() end },
  }

  it("others are nil, for programs that look whether they are there", function()
    for _, object in ipairs { threading, queue, futures, interpreters, time,
      lock, rlock, event, q, t, value, barrier, pool, future } do
      for _, name in ipairs { "new_in_2030", "x", "_is_owned", "__index", 1 } do
        assert.is_nil(object[name])
      end
      assert.is_nil(object[object])
    end
  end)

  it("are no fields", function()
    assert.is_nil(rawget(threading, "sleep"))
    for name in pairs(threading) do
      assert.is_not.equal("sleep", name)
    end
    threading.sleep = time.sleep -- a program may add its own
    assert.equal(time.sleep, threading.sleep)
    threading.sleep = nil
  end)

  it("are where they are said to be", function()
    for place, names in pairs(guesses.places) do
      for _, name in ipairs(names) do
        assert.is_not_nil(rawget(require(place), name), place .. "." .. name)
      end
    end
    for _, name in ipairs(guesses.modules) do
      local path = package.path .. ";" .. package.cpath
      assert.is_truthy(package.searchpath("threading." .. name, path))
    end
  end)

  it("in interpreters, too", function()
    local i <close> = interpreters.create()
    i:exec [[
      local lock = require "threading".Lock()
      local _, message = pcall(function() lock:unlock() end)
      assert(message:find "has no 'unlock'; use `lock:release%(%)`$", message)
    ]]
  end)
end)

describe("An error that nobody catches", function()
  local prelude = [[
local threading = require "threading"
local futures = require "threading.futures"
local pool <close> = futures.ThreadPoolExecutor(1)
local function fail() error "boom" end
local function start(fn) threading.Thread { target = fn }:start():join() end
]]

  -- What the program writes on stderr, with FILE for its own name, and blanks
  -- for tabs.
  local function err_of(program)
    return (support.run(prelude .. program).err
      :gsub("/tmp/lua_%w+:", "FILE:"):gsub("table: 0x%x+", "table")
      :gsub("\t", "  "))
  end

  it("has the program's functions alone in its traceback", function()
    assert.equal([[
Exception in thread Thread-1:
FILE:4: boom
stack traceback:
  [C]: in function 'error'
  FILE:4: in upvalue 'fail'
  FILE:6: in function <FILE:6>
]], err_of "start(function() fail() end)")
    assert.equal([[
Exception in thread Thread-1:
FILE:6: bad argument 'fn' to 'submit' (callable expected, got nil)
stack traceback:
  FILE:6: in function <FILE:6>
]], err_of "start(function() pool:submit(nil) end)")
  end)

  it("shows the fields of a table, to a depth", function()
    for code, text in pairs {
      ["{ code = 3, message = 'x' }"] = '{ code = 3, message = "x" }',
      ["{}"] = "{}",
      ["{ 1, { 'a', false }, [{}] = 2, ['b c'] = '\\n' }"] =
        '{ 1, { "a", false }, ["b c"] = "\\n", [table] = 2 }',
      ["{ a = { b = { c = { d = 1 } } } }"] = "{ a = { b = { c = {...} } } }",
      ["setmetatable({ code = 3 }, { __name = 'My.Error' })"] =
        "My.Error { code = 3 }",
      ["setmetatable({}, { __tostring = function() return 'mine' end })"] =
        "mine",
      ["table.pack(('x'):rep(20):byte(1, -1))"] =
        "{ 120" .. (", 120"):rep(15) .. ", ... }",
      ["{ text = ('x'):rep(1000) }"] =
        '{ text = "' .. ("x"):rep(100) .. '..." }',
    } do
      local err = err_of("start(function() error(" .. code .. ") end)")
      assert.equal("Exception in thread Thread-1:\n" .. text .. "\n",
        err:match "^.-\n.-\n")
    end
  end)

  it("shows a table that contains itself", function()
    assert.matches("^Exception in thread Thread%-1:\n{ it = { it = { it = "
      .. "{%.%.%.} } } }\n", err_of [[
        local t = {}
        t.it = t
        start(function() error(t) end)
      ]])
  end)

  local WHERE <const> = [[
FILE:4: boom
where it was raised:
  [C]: in function 'error'
]]

  it("of a worker brings its traceback to the thread that asks", function()
    local err = err_of "start(function() pool:submit(fail):result() end)"
    assert.equal("Exception in thread Thread-1:\n" .. WHERE .. [[
  FILE:4: in function <FILE:4>
stack traceback:
  [C]: in method 'result'
  FILE:6: in function <FILE:6>
]], err)
  end)

  it("and out of the main chunk", function()
    for name, program in pairs {
      result = "pool:submit(fail):result()",
      map = "for _ in pool:map(fail, { 1 }) do end",
      parallel_for = "threading.parallel_for(1, 1, fail)",
    } do
      local err = err_of(program)
      assert.matches("^%S+: " .. WHERE:gsub("[][]", "%%%0")
        .. "  FILE:4: in [^\n]+\nstack traceback:\n.*FILE:6: in main chunk\n",
        err, name)
    end
  end)

  it("is as it was raised where it is caught", function()
    assert.equal("", err_of [[
      local future = pool:submit(fail)
      local object = {}
      local other = pool:submit(error, object)
      local function check(f, expected)
        local ok, err = pcall(f.result, f)
        assert(not ok and err == expected)
        ok, err = pcall(function() f:result() end)
        assert(not ok and err == expected)
        ok, err = coroutine.resume(coroutine.create(f.result), f)
        assert(not ok and err == expected)
        local co = coroutine.create(function() f:result() end)
        ok, err = coroutine.resume(co)
        assert(not ok and err == expected)
        threading.excepthook = function(args)
          assert(args.value == expected)
        end
        start(function() f:result() end)
      end
      check(future, (future:exception()))
      check(other, object)
    ]])
  end)
end)
