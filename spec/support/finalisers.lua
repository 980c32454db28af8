--- Objects in use, and programs that have their finalisers called meanwhile.

local _thread = require "threading._thread"
local futures = require "threading.futures"
local queue = require "threading.queue"
local support = require "spec.support"
local threading = require "threading"
local waits = require "spec.support.waits"

local finalisers = {}

local function pool_with(f)
  local pool = futures.ThreadPoolExecutor { max_workers = 1 }
  local go_on = threading.Event()
  local future = pool:submit(function()
    go_on:wait()
    return true
  end)
  return f(future, pool), go_on
end

-- What has a finaliser: of a Thread that is its handle.
local function with_finaliser(object)
  return type(object) == "table" and rawget(object, _thread._key) or object
end

--- Name -> {new, wait, wake, through}: new makes an object, and a second value;
-- wait waits with both and returns true; wake, with both, ends that. With
-- `through` a thread that waits does not keep the object.
finalisers.waits = {}
for name, wait in waits.each(function(it) return not it.foreign end) do
  finalisers.waits[name] = { function()
    local object, more = wait.make()
    return with_finaliser(object), more
  end, function(object, more)
    return wait.call(object, nil, more)
  end, wait.wake, wait.through }
end

--- Name -> {new, use}: new(fn) makes an object, of which use calls fn in one
-- of its methods, and then returns true.
finalisers.callbacks = {
  ["the action of a Barrier"] = { function(fn)
    return threading.Barrier(1, fn)
  end, function(b) return b:wait() == 0 end },
  ["the predicate of a Condition"] = { function(fn)
    local c, looked = threading.Condition(), false
    return c, function()
      if looked then
        fn()
      end
      looked = not looked
      return not looked
    end
  end, function(c, predicate)
    c:acquire()
    local waker = threading.Thread { target = function()
      c:acquire()
      c:notify()
      c:release()
    end }
    waker:start()
    local result = c:wait_for(predicate)
    c:release()
    return result
  end },
  ["the function of a Lock's with"] = { function(fn)
    return threading.Lock(), fn
  end, function(lock, fn)
    lock:with(fn)
    return not lock:locked()
  end },
  ["the function of a Semaphore's with"] = { function(fn)
    return threading.BoundedSemaphore(), fn
  end, function(s, fn)
    s:with(fn)
    return s:acquire(false)
  end },
  ["the callback of a Future"] = { function(fn)
    return pool_with(function(_, pool)
      local f = pool:submit(print) -- behind the other
      f:add_done_callback(fn)
      return f
    end)
  end, function(f, go_on)
    local result = f:cancel() and f:cancelled()
    go_on:set()
    return result
  end },
}

local function heap(fn)
  local armed = false
  local meta = { __lt = function(a, b)
    if armed then
      armed = false
      fn()
    end
    return a[1] < b[1]
  end }
  local q = queue.PriorityQueue()
  for i = 3, 5 do
    q:put(setmetatable({ i }, meta))
  end
  return q, function(n)
    armed = true
    return setmetatable({ n }, meta)
  end
end

finalisers.callbacks["a comparison in PriorityQueue:put"] = { heap,
  function(q, item)
    return q:put(item(1)) and q:get()[1] == 1
  end }
finalisers.callbacks["a comparison in PriorityQueue:get"] = { heap,
  function(q, item)
    item(0)
    return q:get()[1] == 3 and q:get()[1] == 4
  end }

--- Makes one of each kind of object that is a userdata.
function finalisers.all()
  local list = {
    threading.Lock(), threading.RLock(), threading.RWLock(),
    threading.RWLock():reading(), threading.RWLock():writing(),
    threading.Semaphore(),
    threading.BoundedSemaphore(), threading.Event(), threading.Condition(),
    threading.Condition(threading.Lock()), threading.Barrier(1),
    threading.Value "int64", threading.Array("int8", 1), queue.Queue(),
    queue.LifoQueue(), queue.PriorityQueue(), queue.SimpleQueue(),
    _thread._future(print), _thread._handle(), _thread._pollset {},
  }
  return list
end

--- The table of an object's methods; nil if it is not one of C's or a table.
function finalisers.methods(object)
  local index = debug.getmetatable(object).__index
  if type(index) ~= "function" then
    return index
  elseif debug.getinfo(index, "S").what == "C" then
    return select(2, debug.getupvalue(index, 1))
  end
end

-- Name -> function of a finaliser and its object: calls it, and raises what
-- that raises.
local ways = {
  directly = function(gc, object)
    gc(object)
  end,
  ["as a coroutine"] = function(gc, object)
    coroutine.wrap(gc)(object)
  end,
  ["in a coroutine"] = function(gc, object)
    coroutine.wrap(function()
      gc(object)
    end)()
  end,
  ["as an iterator"] = function(gc, object)
    for _ in gc, object do
      error "it has returned something"
    end
  end,
  ["with the collector stopped"] = function(gc, object)
    collectgarbage "stop"
    local ok, message = pcall(gc, object)
    collectgarbage "restart"
    assert(ok, message)
  end,
  ["as another metamethod"] = function(gc, object)
    local meta = debug.getmetatable(object)
    local before = meta.__close
    meta.__close = gc
    local ok, message = pcall(function()
      local _ <close> = object
    end)
    meta.__close = before
    assert(ok, message)
  end,
  ["in a hook"] = function(gc, object)
    local before, mask, count = debug.gethook()
    local ok, message
    debug.sethook(function()
      debug.sethook()
      ok, message = pcall(gc, object)
    end, "", 1)
    repeat until ok ~= nil
    debug.sethook(before, mask, count)
    assert(ok, message)
  end,
}

-- Runs fn in a finaliser.
local function in_finaliser(fn)
  local ran = false
  setmetatable({}, { __gc = function()
    ran = true
    fn()
  end })
  repeat
    collectgarbage()
  until ran
end

ways["in a finaliser"] = function(gc, object)
  local ok, message
  in_finaliser(function()
    ok, message = pcall(gc, object)
  end)
  assert(ok, message)
end

ways["in the tail call of a finaliser"] = function(gc, object)
  local ended = false
  local function last(...)
    ended = true
    return gc(...)
  end
  in_finaliser(function()
    return last(object)
  end)
  assert(ended)
  error "__gc: only the garbage collector may call it" -- a warning has said so
end

--- Has the finaliser of the object called in all ways, each of which must be
-- refused; and collects garbage.
function finalisers.call(object)
  local gc = debug.getmetatable(object).__gc
  for name, way in pairs(ways) do
    local ok, message = pcall(way, gc, object)
    if ok or not tostring(message):find("only the garbage collector", 1, true)
      then
      error(("%s: %s"):format(name, ok and "not refused" or message))
    end
  end
  collectgarbage()
end

-- Memory that was freed has another content now.
local function use_memory()
  local list = {}
  for size = 16, 400, 8 do
    for i = 1, 20 do
      list[#list + 1] = ("A"):rep(size - i % 8)
      threading.Lock():acquire()
    end
  end
  return list
end

local function start(target, ...)
  local ended, result = threading.Event(), nil
  local t = threading.Thread { target = function(...)
    result = target(...)
    ended:set()
  end, args = { ... } }
  t:start()
  return t, function()
    ended:wait(support.PATIENCE)
    t:join()
    return result
  end
end

-- Looks again and again whether the weak table is empty. What else has referred
-- to its keys must be nil.
local function await_collected(weak, ...)
  assert(#{ ... } == 0)
  support.wait_until(function()
    collectgarbage()
    return next(weak) == nil
  end, "the object to be collected")
end

--- A thread waits with an object, whose finaliser is called by hand.
function finalisers.wait(name)
  local new, wait, wake = table.unpack(finalisers.waits[name])
  local object, more = new()
  local t, result = start(wait, object, more)
  support.wait_thread_parked(t)
  finalisers.call(object)
  use_memory()
  wake(object, more)
  assert(result() == true)
end

--- The same in a callback.
function finalisers.call_back(name)
  local new, use = table.unpack(finalisers.callbacks[name])
  local object, more, called
  object, more = new(function()
    called = true
    finalisers.call(object)
    use_memory()
  end)
  assert(use(object, more) == true and called)
end

-- What fn has had on the stack is not there any more.
local function drop(fn)
  coroutine.wrap(fn)()
end

-- Runs fn(object, more) in a finaliser, when that of the object is due; it
-- then runs while whatever fn has begun goes on.
local function revive(new, fn)
  local done
  drop(function()
    setmetatable({ new() }, { __gc = function(self)
      fn(table.unpack(self))
      done = true
    end })
  end)
  for _ = 1, 3 do
    collectgarbage()
  end
  assert(done)
  use_memory()
end

--- A thread begins to wait with an object, before the collector calls its
-- finaliser.
function finalisers.revive_wait(name)
  local new, wait, wake = table.unpack(finalisers.waits[name])
  local weak, kept, extra, result = setmetatable({}, { __mode = "k" }), nil, nil
  revive(new, function(object, more)
    local t
    kept, extra = object, more
    t, result = start(wait, object, extra)
    support.wait_thread_parked(t)
  end)
  wake(kept, extra)
  assert(result() == true)
  weak[kept] = true
  kept, extra, result = nil, nil, nil
  await_collected(weak, kept, extra, result)
end

--- A thread is in a callback when the collector calls the object's finaliser.
function finalisers.revive_callback(name)
  local new, use = table.unpack(finalisers.callbacks[name])
  local entered, go_on = threading.Event(), threading.Event()
  local weak, result = setmetatable({}, { __mode = "k" }), nil
  revive(function()
    return new(function()
      entered:set()
      go_on:wait()
    end)
  end, function(object, more)
    local _
    weak[object] = true
    _, result = start(use, object, more)
    entered:wait()
  end)
  go_on:set()
  assert(result() == true)
  result = nil
  await_collected(weak, result)
end

-- Makes an object reachable again, and lets its finaliser, which is due, run
-- at one of the next allocations: the steps of the collector are small. Calls
-- fn with the object.
local function with_due_finaliser(new, fn)
  local kept, garbage, n = nil, nil, 0
  collectgarbage("incremental", 100, 100, 8)
  drop(function()
    local list = { new() }
    for i = 2, 3000 do
      list[i] = setmetatable({}, { __gc = function() end })
    end
    setmetatable(list, { __gc = function(self) kept = self[1] end })
  end)
  repeat
    garbage, n = #{ garbage }, n + 1
    if n % 1000000 == 0 then
      collectgarbage() -- something on a stack has kept it for a cycle
    end
  until kept
  local ok, message = pcall(fn, kept)
  assert(ok or message:find("is finalised already", 1, true), message)
end

--- A queue grows when its own finaliser is due; and when other finalisers call
-- that.
function finalisers.grow(name)
  local items = {}
  for i = 1, 3000 do
    items[i] = { i }
  end
  local function fill(q)
    for _, item in ipairs(items) do
      q:put(item)
    end
    assert(q:qsize() == #items)
    for _ = 1, #items do
      q:get()
    end
  end
  with_due_finaliser(queue[name], fill)
  local q, called, n = queue[name](), 0, 0
  local gc = debug.getmetatable(q).__gc
  collectgarbage("incremental", 100, 1000)
  collectgarbage()
  repeat
    n = n + 1
    setmetatable({}, { __gc = function()
      called = called + (pcall(gc, q) and 0 or 1)
    end })
    q:put { n }
  until called > 0 and n > 3000
  assert(q:qsize() == n)
end

--- An Array makes what needs memory when its own finaliser is due.
function finalisers.copy()
  for _, method in ipairs { "copy", "totable", "fill" } do
    for _ = 1, 5 do
      with_due_finaliser(function()
        return threading.Array("int64", 10000):fill(7)
      end, function(a)
        for _ = 1, 10 do
          local b = a[method](a, method == "fill" and 7 or nil)
          assert(b[1] == 7 and b[10000] == 7)
        end
      end)
    end
  end
end

-- Of an object: name -> function.
local function all_methods(object)
  local list = {}
  for _, from in pairs {
    finalisers.methods(object), debug.getmetatable(object),
  } do
    for name, method in pairs(from) do
      list[name] = type(method) == "function" and method or nil
    end
  end
  list.__gc, list.take = nil, nil -- of handles
  return list
end

--- Has each method of an object called after its finaliser.
function finalisers.use_dead()
  for i, kind in ipairs(finalisers.all()) do
    local messages, pollset = {}, all_methods(kind).ready
    drop(function()
      -- The older of two is finalised last.
      local older = setmetatable({}, { __gc = function(self)
        for name, method in pairs(all_methods(self.object)) do
          local ok, message = pcall(method, self.object)
          messages[name] = ok and "no error" or message
        end
      end })
      older.object = finalisers.all()[i]
    end)
    collectgarbage()
    collectgarbage()
    assert(next(messages))
    for name, message in pairs(messages) do
      assert(pollset or message:find "this threading%.%a+ is finalised already",
        i .. " " .. name .. ": " .. message)
    end
  end
end

--- What the registry keeps of the library: its finalisers are called with
-- everything.
function finalisers.call_registered()
  local all, called = finalisers.all(), 0
  for _, value in pairs { 5, "x", {}, io.stdout, print, true } do
    all[#all + 1] = value
  end
  for _, value in pairs(debug.getregistry()) do
    all[#all + 1] = value
  end
  for name, meta in pairs(debug.getregistry()) do
    if type(name) == "string" and name:find "^threading%." and
      type(meta) == "table" and rawget(meta, "__gc") then
      called = called + 1
      for _, value in ipairs(all) do
        assert(not pcall(meta.__gc, value), name)
      end
      assert(not pcall(meta.__gc), name)
    end
  end
  assert(called >= 15)
end

return finalisers
