-- What the library has to do right whatever runs when: small programs, each
-- with an assertion, for tools/explore/search.lua. Names say what is explored.
--
-- They change what they share under a lock, or each thread its own field: it is
-- the library that is explored here.

local futures = require "threading.futures"
local interpreters = require "threading.interpreters"
local queue = require "threading.queue"
local threading = require "threading"
local time = require "threading.time"
local together = require("spec.explore.support").together

local scenarios = {}

local function started(fn)
  local t = threading.Thread { target = fn }
  t:start()
  return t
end

local function number(n)
  return function()
    return n
  end
end

-- Locks -----------------------------------------------------------------------

scenarios["Lock: a timeout against a release"] = function()
  local lock = threading.Lock()
  local function try(seconds)
    return function()
      if lock:acquire(true, seconds) then
        lock:release()
      end
    end
  end
  lock:acquire()
  together(try(1), try(1.5), function()
    time.sleep(1)
    lock:release()
  end)
  assert(lock:acquire(false))
end

scenarios["Lock: a cancellation against a release"] = function()
  local lock = threading.Lock()
  local function work()
    local _ <close> = lock:guard()
  end
  lock:acquire()
  local a, b = started(work), started(work)
  a:cancel()
  lock:release()
  a:join()
  b:join()
  assert(lock:acquire(false))
end

scenarios["RLock: nested"] = function()
  local lock, n = threading.RLock(), 0
  local function work()
    local _ <close> = lock:guard()
    lock:with(function()
      n = n + 1
    end)
  end
  together(work, work)
  assert(n == 2 and lock:acquire(false))
end

scenarios["RWLock: readers, and writers by themselves"] = function()
  local rw, writers, readers = threading.RWLock(), 0, 0
  local function write()
    local _ <close> = rw:writing()
    writers = writers + 1
    assert(writers == 1 and readers == 0)
    writers = writers - 1
  end
  local counts = threading.Lock()
  local function read()
    local _ <close> = rw:reading()
    counts:with(function() readers = readers + 1 end)
    assert(writers == 0)
    counts:with(function() readers = readers - 1 end)
  end
  together(write, write, read, read)
  assert(rw:acquire_write(false))
end

scenarios["RWLock: a writer gives up, and readers get in"] = function()
  local rw, got = threading.RWLock(), nil
  rw:acquire_read()
  local reader = started(function()
    local _ <close> = rw:reading()
  end)
  local writer = started(function()
    got = rw:acquire_write(true, 1)
    if got then
      rw:release_write()
    end
  end)
  time.sleep(1)
  rw:release_read()
  reader:join()
  writer:join()
  assert(got ~= nil and rw:acquire_write(false))
end

scenarios["RWLock: a cancelled writer leaves no trace"] = function()
  local rw = threading.RWLock()
  rw:acquire_read()
  local writer = started(function()
    local _ <close> = rw:writing()
  end)
  local reader = started(function()
    local _ <close> = rw:reading()
  end)
  writer:cancel()
  rw:release_read()
  writer:join()
  reader:join()
  assert(rw:acquire_write(false))
end

scenarios["once: one runs it, and all have its result"] = function()
  local n, results = 0, {}
  local f = threading.once(function()
    n = n + 1
    return n
  end)
  local function call(i)
    return function() results[i] = f() end
  end
  together(call(1), call(2), call(3))
  assert(n == 1 and results[1] == 1 and results[2] == 1 and results[3] == 1)
end

scenarios["Semaphore: a timeout against a release"] = function()
  local permits, got = threading.Semaphore(0), {}
  local function try(i)
    return function()
      got[i] = permits:acquire(true, 1)
    end
  end
  together(try(1), try(2), function()
    time.sleep(1)
    permits:release()
  end)
  local n = 0
  for _, is in ipairs { got[1], got[2], permits:acquire(false) } do
    n = n + (is and 1 or 0)
  end
  assert(n == 1)
end

scenarios["Event: set against a timeout"] = function()
  local event, set = threading.Event(), nil
  together(function() event:wait() end, function()
    set = event:wait(1)
  end, function()
    time.sleep(1)
    event:set()
  end)
  assert(event:is_set() and type(set) == "boolean")
end

-- Condition -------------------------------------------------------------------

scenarios["Condition: a cancelled wait has the lock again"] = function()
  local condition, held = threading.Condition(), nil
  local a = started(function()
    local _ <close> = condition:guard()
    pcall(condition.wait, condition)
    held = pcall(condition.notify, condition)
  end)
  local b = started(function()
    local _ <close> = condition:guard()
    condition:notify()
  end)
  a:cancel()
  a:join()
  b:join()
  assert(held ~= false and condition:acquire(false))
end

scenarios["Condition: a timeout against a notification"] = function()
  local condition, ready, saw = threading.Condition(), false, nil
  together(function()
    local _ <close> = condition:guard()
    saw = condition:wait_for(function()
      return ready
    end, 1)
  end, function()
    time.sleep(1)
    local _ <close> = condition:guard()
    ready = true
    condition:notify()
  end)
  assert(type(saw) == "boolean")
end

-- Both are woken, the one by the notification, the other by the second.
scenarios["Condition: no notification is lost to a cancellation"] = function()
  local condition, waiting = threading.Condition(), 0
  local function work()
    local _ <close> = condition:guard()
    waiting = waiting + 1
    condition:notify_all()
    condition:wait()
  end
  local a, b = started(work), started(work)
  do
    local _ <close> = condition:guard()
    condition:wait_for(function()
      return waiting == 2
    end)
    condition:notify_all()
  end
  a:cancel()
  a:join()
  do
    local _ <close> = condition:guard()
    condition:notify()
  end
  b:join()
end

-- Barrier ---------------------------------------------------------------------

scenarios["Barrier: rounds"] = function()
  local barrier, lock = threading.Barrier(2), threading.Lock()
  local came, seen = 0, {}
  local function work()
    for _ = 1, 2 do
      lock:with(function()
        came = came + 1
      end)
      barrier:wait()
      lock:with(function()
        seen[#seen + 1] = came
      end)
      barrier:wait()
    end
  end
  together(work, work)
  assert(table.concat(seen, " ") == "2 2 4 4")
end

scenarios["Barrier: abort and reset"] = function()
  local barrier, ok = threading.Barrier(3), {}
  local function work(i)
    return function()
      ok[i] = pcall(barrier.wait, barrier)
    end
  end
  together(work(1), work(2), function()
    barrier:abort()
  end)
  assert(ok[1] == false and ok[2] == false and barrier.broken)
  barrier:reset()
  assert(not barrier.broken)
end

scenarios["Barrier: a timeout against the last one"] = function()
  local barrier, ok = threading.Barrier(2), {}
  local function work(i)
    return function()
      time.sleep(i)
      ok[i] = pcall(barrier.wait, barrier, 1)
    end
  end
  together(work(1), work(2))
  assert(ok[1] == ok[2])
  assert(ok[1] ~= barrier.broken)
end

scenarios["Barrier: a cancellation breaks it"] = function()
  local barrier = threading.Barrier(2)
  local a = started(function()
    barrier:wait()
  end)
  a:cancel()
  local ok = pcall(barrier.wait, barrier)
  a:join()
  assert(ok ~= barrier.broken)
end

scenarios["Barrier: the action is called once a round, before all"] = function()
  local calls = 0
  local barrier = threading.Barrier(2, function()
    calls = calls + 1
  end)
  local function work()
    barrier:wait()
    assert(calls >= 1)
    barrier:wait()
  end
  together(work, work)
  assert(calls == 2)
end

-- Queues ----------------------------------------------------------------------

for name, new in pairs {
  Queue = queue.Queue, CrossQueue = interpreters.create_queue,
} do
  scenarios[name .. ": shutdown against put and get"] = function()
    local q, put, got = new(1), 0, 0
    together(function()
      while put < 3 and q:put(put) do
        put = put + 1
      end
    end, function()
      while q:get() do
        got = got + 1
      end
    end, function()
      q:shutdown()
    end)
    assert(put == got, put .. " put, " .. got .. " got")
  end
end

scenarios["Queue: join"] = function()
  local q, sum = queue.Queue(2), 0
  threading.Thread { daemon = true, target = function()
    for item in q:items() do
      sum = sum + item
      q:task_done()
    end
  end }:start()
  together(function()
    q:put(1)
    q:put(2)
  end, function()
    q:put(3)
  end)
  q:join()
  assert(sum == 6)
end

scenarios["Queue: a timeout against a put"] = function()
  local q, got = queue.Queue(1), {}
  local function take(i)
    return function()
      got[i] = q:get(true, i)
    end
  end
  together(take(1), take(2), function()
    time.sleep(1)
    q:put(1)
  end)
  assert((got[1] or 0) + (got[2] or 0) + q:qsize() == 1)
end

scenarios["PriorityQueue: no item is lost"] = function()
  local q, got = queue.PriorityQueue(), {}
  together(function()
    q:put(2)
    q:put(1)
  end, function()
    got[1] = q:get()
  end, function()
    got[2] = q:get()
  end)
  assert(got[1] + got[2] == 3)
end

scenarios["SimpleQueue: no item is lost"] = function()
  local q, got = queue.SimpleQueue(), nil
  together(function()
    got = q:get()
  end, function()
    q:put(1)
    q:put(2)
  end)
  assert(got + q:get() == 3)
end

-- Pools -----------------------------------------------------------------------

scenarios["a pool: shutdown from two threads"] = function()
  local pool = futures.ThreadPoolExecutor(2)
  local f = pool:submit(number(1))
  together(function() pool:shutdown() end, function() pool:shutdown() end)
  assert(f:result() == 1)
end

scenarios["a pool: submit against shutdown"] = function()
  local pool, ok, f = futures.ThreadPoolExecutor(1), nil, nil
  together(function()
    ok, f = pcall(pool.submit, pool, number(1))
  end, function()
    pool:shutdown()
  end)
  assert(not ok or f:result() == 1)
end

scenarios["a pool: a shutdown that cancels"] = function()
  local pool, calls = futures.ThreadPoolExecutor(1), {}
  for i = 1, 3 do
    calls[i] = pool:submit(number(i))
  end
  pool:shutdown { wait = true, cancel_futures = true }
  for _, f in ipairs(calls) do
    assert(f:done())
  end
end

scenarios["a Future: callbacks against the outcome"] = function()
  local pool <close> = futures.ThreadPoolExecutor(1)
  local told = threading.Semaphore(0)
  local f = pool:submit(number(1))
  together(function()
    f:add_done_callback(function()
      told:release()
    end)
  end, function()
    assert(f:result() == 1)
  end)
  assert(told:acquire() and not told:acquire(false))
end

scenarios["futures.wait: the first, and all"] = function()
  local pool <close> = futures.ThreadPoolExecutor(2)
  local calls = { pool:submit(number(1)), pool:submit(number(2)) }
  futures.wait(calls, nil, futures.FIRST_COMPLETED)
  assert(calls[1]:done() or calls[2]:done())
  futures.wait(calls)
  assert(calls[1]:done() and calls[2]:done())
end

-- Threads ---------------------------------------------------------------------

scenarios["Thread: started by two"] = function()
  local t, ok = threading.Thread { target = function() end }, {}
  together(function()
    ok[1] = pcall(t.start, t)
  end, function()
    ok[2] = pcall(t.start, t)
  end)
  t:join()
  assert(ok[1] ~= ok[2])
end

scenarios["Thread: joined by many"] = function()
  local t = started(function()
    time.sleep(1)
  end)
  together(function() t:join() end, function() t:join(1) end)
  t:join()
  assert(not t:is_alive())
end

scenarios["Thread: cancelled while it computes"] = function()
  local t = started(function()
    while true do end
  end)
  t:cancel { asynchronous = true }
  t:join()
end

scenarios["Timer: cancelled as it fires"] = function()
  local calls = 0
  local timer = threading.Timer(1, function()
    calls = calls + 1
  end)
  timer:start()
  time.sleep(1)
  timer:cancel()
  timer:join()
  assert(calls <= 1 and timer.finished:is_set())
end

scenarios["Local: each its own"] = function()
  local mine = threading.Local()
  local function work(value)
    return function()
      mine.x = value
      assert(mine.x == value)
    end
  end
  together(work(1), work(2))
  assert(mine.x == nil)
end

scenarios["enumerate: as threads come and go"] = function()
  together(function()
    assert(#threading.enumerate() >= 2)
  end, function()
    assert(threading.active_count() >= 2)
  end)
  assert(threading.active_count() == 1)
end

-- require ---------------------------------------------------------------------

scenarios["require: one loads, the other waits"] = function()
  local loads, got = 0, {}
  package.loaded.explored = nil
  package.preload.explored = function()
    loads = loads + 1
    return {}
  end
  local function work(i)
    return function()
      got[i] = require "explored"
    end
  end
  together(work(1), work(2))
  assert(got[1] == got[2] and loads == 1)
end

scenarios["require: the other loads what the first could not"] = function()
  local loads, ok = 0, {}
  package.loaded.explored = nil
  package.preload.explored = function()
    loads = loads + 1
    return loads > 1 and {} or error "the first fails"
  end
  local function work(i)
    return function()
      ok[i] = pcall(require, "explored")
    end
  end
  together(work(1), work(2))
  assert(ok[1] ~= ok[2])
end

scenarios["require: two modules, each of which needs the other"] = function()
  package.loaded.explored, package.loaded.explored2 = nil, nil
  package.preload.explored = function()
    pcall(require, "explored2")
    return {}
  end
  package.preload.explored2 = function()
    pcall(require, "explored")
    return {}
  end
  together(function()
    require "explored"
  end, function()
    require "explored2"
  end)
  assert(package.loaded.explored and package.loaded.explored2)
end

return scenarios
