-- Threads, objects, queues, pools: see ../hostile.lua.

local _thread = require "threading._thread"
local futures = require "threading.futures"
local queue = require "threading.queue"
local support = require "spec.support"
local threading = require "threading"

local cases = {}

local function nothing() end

local function alone()
  assert(threading.active_count() == 1, "a thread is left")
  assert(next(_thread._parked()) == nil)
end

-- Makers: the new object works.

local function maker(make, works)
  return function()
    return make, nothing, works
  end
end

local function locks(lock)
  lock:with(function()
    assert(lock:locked())
  end)
  assert(not lock:locked())
end

-- A load that has failed keeps nobody from the next one.
cases["require of a module"] = function()
  local NAME <const> = "spec.support.hostile.a_module"
  local function load()
    package.loaded[NAME] = nil
    return (require(NAME))
  end
  package.preload[NAME] = function()
    return { coroutine.wrap(load) }
  end
  return load, function()
    support.in_thread(load)
  end, function(module)
    assert(type(module[1]()) == "table")
  end
end

cases["Lock()"] = maker(threading.Lock, locks)
cases["RLock()"] = maker(threading.RLock, locks)
cases["RWLock()"] = maker(threading.RWLock, function(rw)
  assert(rw:acquire_write() and tostring(rw):find "writer")
  rw:release_write()
  assert(rw:acquire_read())
  rw:release_read()
end)
cases["Condition()"] = maker(threading.Condition, function(c)
  local _ <close> = c:guard()
  c:notify_all()
  assert(not c:wait(0))
end)
cases["Semaphore()"] = maker(threading.Semaphore, function(s)
  assert(s:acquire(false) and not s:acquire(false))
  s:release()
end)
cases["Event()"] = maker(threading.Event, function(e)
  e:set()
  assert(e:wait())
end)
cases["Barrier()"] = maker(function()
  return threading.Barrier(1)
end, function(b)
  assert(b:wait() == 0)
end)
cases["Value()"] = maker(function()
  return threading.Value("int64", 7)
end, function(v)
  assert(v:fetch_add(1) == 7 and v.value == 8)
end)
cases["Array()"] = maker(function()
  return threading.Array("float64", { 1, 2, 3 })
end, function(a)
  assert(#a == 3 and a[3] == 3)
end)
for _, name in ipairs { "Queue", "LifoQueue", "PriorityQueue",
    "SimpleQueue" } do
  cases["queue." .. name .. "()"] = maker(queue[name], function(q)
    q:put(1)
    assert(q:get() == 1)
  end)
end
-- Not by tostring: an object that was used so lives until two collections have
-- found it, and the second one may be that for which there is no memory.
local function has_name(object)
  assert(object:get_name() == "x")
end

for name, make in pairs {
  Lock = threading.Lock, RLock = threading.RLock,
  Condition = threading.Condition, Semaphore = threading.Semaphore,
  Event = threading.Event, Queue = queue.Queue,
  SimpleQueue = queue.SimpleQueue,
  create_queue = require "threading.interpreters".create_queue,
  Value = function(options) return threading.Value("int64", options) end,
  Array = function(options) return threading.Array("int64", 1, options) end,
  Barrier = function(options) return threading.Barrier(1, options) end,
} do
  cases[name .. " with a name"] = maker(function()
    return make { name = "x" }
  end, has_name)
end
cases["an error that names a Lock"] = function()
  local lock = threading.Lock { name = "accounts" }
  return function()
    local _, err = pcall(lock.release, lock)
    return err:find("not enough memory", 1, true) and error(err, 0) or err
  end, nothing, function(err)
    assert(err:find 'Lock "accounts"', err)
  end
end
cases["a dump of names"] = function()
  local lock = threading.Lock { name = "accounts" }
  lock:acquire()
  return _thread._dump, nothing, function(text)
    assert(text:find('holds Lock "accounts"', 1, true))
    lock:release()
  end
end
cases["Local()"] = maker(function()
  return threading.Local()
end, function(l)
  l.x = 1
  assert(l.x == 1)
end)
cases["Thread()"] = maker(function()
  return threading.Thread { target = nothing, name = "x" }
end, function(t)
  t:start()
  assert(t:join())
end)
cases["Timer()"] = maker(function()
  return threading.Timer(0, nothing)
end, function(t)
  t:start()
  t:join()
end)
cases["ThreadPoolExecutor()"] = maker(function()
  return futures.ThreadPoolExecutor()
end, function(pool)
  assert(pool:submit(math.abs, -1):result() == 1)
  pool:shutdown()
  alone()
end)
cases["coroutine.create"] = maker(function()
  return coroutine.create(function(x)
    return coroutine.yield(x)
  end)
end, function(co)
  assert(select(2, coroutine.resume(co, 5)) == 5)
  assert(select(2, coroutine.resume(co, 6)) == 6)
end)
cases["coroutine.wrap"] = maker(function()
  return coroutine.wrap(coroutine.yield)
end, function(f)
  assert(f(5) == 5)
end)

-- Threads.

cases["Thread:start"] = function()
  local ran = threading.Event()
  local t = threading.Thread { target = ran.set, args = { ran } }
  return function()
    t:start()
  end, function()
    assert(not t:is_alive() and t.ident == nil)
    alone()
  end, function()
    assert(t:join() and ran:is_set())
    alone()
  end
end

cases["start_new_thread"] = function()
  local ran = threading.Event()
  return function()
    _thread.start_new_thread(ran.set, ran)
  end, function()
    assert(not ran:is_set())
  end, function()
    assert(ran:wait())
  end
end

local function held_by_thread()
  local go, held = threading.Event(), threading.Event()
  local lock = threading.Lock()
  local t = threading.Thread { target = function()
    lock:with(function()
      held:set()
      go:wait()
    end)
  end }
  t:start()
  held:wait()
  return lock, t, function()
    go:set()
    assert(t:join() and not lock:locked())
    alone()
  end
end

cases["a wait that times out"] = function()
  local lock, t, finish = held_by_thread()
  return function()
    return lock:acquire(true, 1e-4) or t:join(1e-4)
  end, nothing, function(got)
    assert(got == false)
    finish()
  end
end

cases["Thread:join"] = function()
  local _, t, finish = held_by_thread()
  t:cancel()
  return function()
    return t:join()
  end, nothing, function(ended)
    assert(ended)
    finish()
  end
end

cases["Thread:cancel"] = function()
  local _, t, finish = held_by_thread()
  return function()
    return t:cancel "enough"
  end, nothing, function(done)
    assert(done)
    t:join()
    finish()
  end
end

cases["dump"] = function()
  local _, _, finish = held_by_thread()
  local file = io.tmpfile()
  return function()
    threading.dump(file)
  end, nothing, function()
    file:close()
    finish()
  end
end

cases["enumerate"] = function()
  return threading.enumerate, nothing, function(list)
    assert(#list == 1)
  end
end

cases["threading.deadlock"] = function()
  local lock = threading.Lock()
  lock:acquire()
  return function()
    local ok, err = pcall(lock.acquire, lock)
    assert(not ok)
    if not tostring(err):find "deadlock" then
      error(err, 0)
    end
  end, function()
    assert(lock:locked())
    assert(next(_thread._parked()) == nil)
  end, function()
    lock:release()
  end
end

-- Objects.

cases["Lock:with"] = function()
  local lock, n = threading.Lock(), 0
  return function()
    lock:with(function()
      local _ = { n }
      n = n + 1
    end)
  end, function()
    assert(n == 0)
    if support.before_5_4_3 and lock:locked() then
      lock:release()
    end
    assert(not lock:locked())
  end, function()
    assert(not lock:locked() and n == 1)
  end
end

cases["Lock:guard"] = function()
  local lock = threading.Lock()
  return function()
    local _ <close> = lock:guard()
    return { lock }
  end, function()
    assert(not lock:locked())
  end, function()
    assert(not lock:locked())
  end
end

cases["RWLock:reading"] = function()
  local rw = threading.RWLock()
  return function()
    local _ <close> = rw:reading()
    return { rw }
  end, function()
    assert(tostring(rw):find "unlocked")
  end, function()
    assert(tostring(rw):find "unlocked")
  end
end

cases["RWLock:acquire_read by many"] = function()
  local rw = threading.RWLock()
  return function()
    support.join(support.start_many(4, function()
      local _ <close> = rw:reading()
    end))
    local _ <close> = rw:writing()
  end, function()
    support.wait_until(function()
      return threading.active_count() == 1
    end)
    assert(tostring(rw):find "unlocked")
  end, function()
    assert(tostring(rw):find "unlocked")
  end
end

cases["defer"] = function()
  local n
  return function()
    n = 0
    local _ <close> = threading.defer(function(...)
      n = n + select("#", ...)
    end, 1, 2, 3)
    return { n }
  end, function()
    assert(n == 0 or n == 3)
  end, function()
    assert(n == 3)
  end
end

cases["atomic"] = function()
  local n
  return function()
    n = 0
    return threading.atomic(function(x)
      local t = { x }
      n = n + 1
      return t
    end, 5)
  end, function()
    assert(n <= 1)
    threading.Event():wait(1e-4) -- one may wait again
  end, function(t)
    assert(t[1] == 5 and n == 1)
  end
end

cases["once"] = function()
  local f, n = nil, 0
  return function()
    f = f or threading.once(function()
      local t = { n }
      n = n + 1
      return { t }
    end)
    return f()
  end, function()
    support.in_thread(collectgarbage) -- nobody is kept out
  end, function(t)
    assert(f() == t and n >= 1)
  end
end

cases["Condition:wait_for"] = function()
  local c, n = threading.Condition(), 0
  return function()
    local _ <close> = c:guard()
    n = 0
    return c:wait_for(function()
      n = n + 1
      return #{ n } > 1
    end, 1e-4)
  end, function()
    assert(c:acquire(false))
    c:release()
  end, function(got)
    assert(got == false and n > 0)
    assert(c:acquire(false))
    c:release()
  end
end

for _, name in ipairs { "Queue", "LifoQueue", "PriorityQueue",
    "SimpleQueue" } do
  cases["put into a " .. name] = function()
    local q = queue[name]()
    return function()
      q:put "item"
    end, function()
      assert(q:qsize() == 0)
    end, function()
      assert(q:qsize() == 1 and q:get() == "item")
    end
  end
  cases["put more into a " .. name] = function()
    local q = queue[name]()
    for i = 1, 4 do
      q:put(i)
    end
    local n = 4
    return function()
      while n < 40 do
        q:put(n + 1)
        n = n + 1
      end
    end, function()
      assert(q:qsize() == n)
    end, function()
      assert(q:qsize() == 40)
      local sum = 0
      for _ = 1, 40 do
        sum = sum + q:get()
      end
      assert(sum == 820)
    end
  end
  cases["get from a " .. name] = function()
    local q = queue[name]()
    q:put "item"
    return function()
      return q:get()
    end, function()
      assert(q:qsize() == 1)
    end, function(item)
      assert(item == "item" and q:qsize() == 0)
    end
  end
end

cases["a field of a Local"] = function()
  local l = threading.Local()
  return function()
    l.x = "value"
  end, function()
    assert(l.x == nil)
  end, function()
    assert(l.x == "value")
  end
end

cases["Array:tostring"] = function()
  local a = threading.Array("int8", { 1, 2 })
  return function()
    return tostring(a)
  end, nothing, nothing
end

-- Pools and loops.

cases["submit"] = function()
  local pool = futures.ThreadPoolExecutor { max_workers = 2 }
  local f
  return function()
    f = nil
    f = pool:submit(math.abs, -5)
  end, nothing, function()
    assert(f:result() == 5)
    pool:shutdown()
    alone()
  end
end

cases["a future's callback"] = function()
  local pool = futures.ThreadPoolExecutor { max_workers = 1 }
  local go, called = threading.Event(), 0
  local f = pool:submit(go.wait, go)
  return function()
    f:add_done_callback(function()
      called = called + 1
    end)
  end, nothing, function()
    go:set()
    assert(f:result() and called <= 1)
    pool:shutdown()
    assert(called == 1)
    alone()
  end
end

cases["map"] = function()
  return function()
    local pool <close> = futures.ThreadPoolExecutor { max_workers = 2 }
    local sum = 0
    for _, x in pool:map(math.abs, { -1, -2, -3 }) do
      sum = sum + x
    end
    return sum
  end, nothing, function(sum)
    assert(sum == 6)
  end
end

cases["parallel_for"] = function()
  local v
  return function()
    v = threading.Value("int64", 0)
    threading.parallel_for(1, 100, function(lo, hi)
      v:fetch_add(hi - lo + 1)
    end, 2)
  end, alone, function()
    assert(v.value == 100)
    alone()
  end
end

cases["coroutine.resume"] = function()
  local co
  return function()
    co = coroutine.create(function(...)
      local t = { coroutine.yield(...) }
      return #t
    end)
    local ok, a, b = coroutine.resume(co, 1, 2)
    if not ok then
      error(a, 0)
    end
    local fine, n = coroutine.resume(co, a, b, 3)
    if not fine then
      error(n, 0)
    end
    return n
  end, nothing, function(n)
    assert(n == 3 and coroutine.status(co) == "dead")
  end
end

return cases
