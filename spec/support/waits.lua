--- The blocking calls, each of which the specs try in every way: a new one is
-- added here.
--
-- Those that are made of others are not here (pools, parallel_for, timers),
-- nor what waits for the end of the program (spec/end_spec.lua), nor sockets,
-- which are there only beside LuaSocket (spec/socket_error_spec.lua).

local _thread = require "threading._thread"
local futures = require "threading.futures"
local interpreters = require "threading.interpreters"
local queue = require "threading.queue"
local threading = require "threading"
local time = require "threading.time"
local tio = require "threading.io"

local list = {}

-- What a wait is:
--
--   what      what it waits for, as the list of parked threads says
--   make      makes an object, and perhaps something more
--   call      call(object, timeout, more) waits with them; returns true when it
--             has been woken, else something false
--   wake      wake(object, more), in the thread that has made them, has it
--             return; nil where only an error or a timeout ends it
--   told      what a report of a deadlock says after "waits for", if that is
--             not the kind of object and its address
--   timed     does call take a timeout?
--   negative  the error where a timeout is less than 0, if it is one
--   in_vain   in_vain(object, timeout) checks a call that is not woken, where
--             that does not just return something false
--   outside   does it wait for what is not in this Lua? Then it never is a part
--             of a deadlock
--   program   does it wait for a program? That ends with this process
--   through   does it wait for another object than that, to which that leads?
--   foreign   is the object none of this library's?
--   by_c      can C wait for such an object by threading.h?

local NEGATIVE <const> = "must be a non-negative number"

local function add(name, wait, changes)
  for key, value in pairs(changes or {}) do
    if wait[key] == nil then
      wait[key] = value
    end
  end
  wait.name = name
  list[name] = wait
end

local function start_daemon(fn, ...)
  local t = threading.Thread { daemon = true, target = fn, args = { ... } }
  t:start()
  return t
end

-- The same for a function that waits, which it does when this returns.
local function start_waiting(fn, ...)
  local t = start_daemon(fn, ...)
  while not _thread._parked()[t.ident] do
    time.sleep(0)
  end
  return t
end

-- What is taken, and released.

local function taken(new, ...)
  local args = table.pack(...)
  return function()
    local object = new(table.unpack(args))
    object:acquire()
    return object
  end
end

local function release(object)
  object:release()
end

local function acquire(object, timeout)
  return object:acquire(true, timeout or -1)
end

local lock = {
  what = "Lock", make = taken(threading.Lock), wake = release, call = acquire,
}
add("Lock:acquire", { timed = true, negative = NEGATIVE, by_c = true }, lock)
add("Lock:acquire, simply", {
  call = function(object) return object:acquire() end,
}, lock)
add("Lock:acquire with a timeout", {
  call = function(object) return object:acquire(true, 3600) end, outside = true,
}, lock)
add("Lock:acquire with keywords", {
  call = function(object) return object:acquire { blocking = true } end,
}, lock)
add("Lock:guard", { call = function(object)
  local _ <close> = object:guard()
  return true
end }, lock)
add("Lock:with", { call = function(object)
  return object:with(rawequal, 1, 1)
end }, lock)
add("Lock:acquire in a coroutine", { call = function(object)
  return select(2, assert(coroutine.resume(coroutine.create(function()
    return object:acquire()
  end))))
end }, lock)

add("RLock:acquire", { what = "RLock", timed = true, negative = NEGATIVE,
  by_c = true, make = taken(threading.RLock) }, lock)
add("Condition:acquire", { what = "RLock", through = true,
  make = taken(threading.Condition) }, lock)
add("Condition:acquire of a Lock", { through = true, make = function()
  return taken(threading.Condition, threading.Lock())()
end }, lock)

-- One that is held to write, and one that is held to read.
local function rwlock(how, wants)
  return {
    what = "RWLock", timed = true, negative = NEGATIVE,
    make = function()
      local object = threading.RWLock()
      object["acquire_" .. how](object)
      return object
    end,
    wake = function(object) object["release_" .. how](object) end,
    call = function(object, timeout)
      local got = object["acquire_" .. wants](object, true, timeout or -1)
      if got then
        object["release_" .. wants](object)
      end
      return got
    end,
  }
end
add("RWLock:acquire_read", rwlock("write", "read"))
add("RWLock:acquire_write", rwlock("read", "write"))
add("RWLock:acquire_write while another writes", rwlock("write", "write"))
add("RWLock:reading", { timed = false, call = function(object)
  local _ <close> = object:reading()
  return true
end }, rwlock("write", "read"))
add("RWLock:writing", { timed = false, call = function(object)
  local _ <close> = object:writing()
  return true
end }, rwlock("read", "write"))

local semaphore = {
  what = "Semaphore", make = taken(threading.Semaphore), wake = release,
  call = function(object, timeout) return object:acquire(true, timeout) end,
}
add("Semaphore:acquire", { timed = true, by_c = true }, semaphore)
add("Semaphore:guard", { call = list["Lock:guard"].call }, semaphore)
add("Semaphore:with", { call = list["Lock:with"].call }, semaphore)
add("Semaphore:acquire of a derived class", {
  make = taken(threading.extend(threading.Semaphore, "Permits")), timed = true,
  foreign = true, -- a table has no finaliser, nor does C know it
  call = function(object, timeout)
    local got = object:acquire(true, timeout)
    return got
  end,
}, semaphore)
local bounded = taken(threading.BoundedSemaphore)
add("BoundedSemaphore:acquire", {
  make = bounded, timed = true,
  call = function(object, timeout)
    return object:acquire { timeout = timeout }
  end,
}, semaphore)
add("BoundedSemaphore:guard", {
  make = bounded, call = list["Lock:guard"].call,
}, semaphore)
add("BoundedSemaphore:with", {
  make = bounded, call = list["Lock:with"].call,
}, semaphore)

-- What is told.

local event = {
  what = "Event",
  make = threading.Event,
  call = function(object, timeout) return object:wait(timeout) end,
  wake = function(object) object:set() end,
}
add("Event:wait", { timed = true, by_c = true }, event)
add("Event:wait with a timeout", {
  call = function(object) return object:wait(3600) end, outside = true,
}, event)
add("Event:wait with a table", { timed = true,
  call = function(object, timeout)
    return object:wait { timeout = timeout }
  end }, event)
add("Event:wait in nested coroutines", { call = function(object)
  return coroutine.wrap(function()
    return coroutine.wrap(function()
      return object:wait()
    end)()
  end)()
end }, event)

local condition = {
  what = "Condition",
  make = threading.Condition,
  call = function(object, timeout)
    local _ <close> = object:guard()
    return object:wait(timeout)
  end,
  wake = function(object)
    local _ <close> = object:guard()
    object:notify()
  end,
}
add("Condition:wait", { timed = true }, condition)
add("Condition:wait with a timeout", {
  call = function(object)
    local _ <close> = object:guard()
    return object:wait(3600)
  end,
  outside = true,
}, condition)
add("Condition:wait of a Lock", {
  make = function() return threading.Condition(threading.Lock()) end,
  timed = true,
}, condition)
add("Condition:wait_for", {
  make = function() return threading.Condition(), { come = false } end,
  timed = true,
  call = function(object, timeout, more)
    return object:with(object.wait_for, object, function()
      return more.come
    end, timeout)
  end,
  wake = function(object, more)
    local _ <close> = object:guard()
    more.come = true
    object:notify()
  end,
}, condition)

local function is_broken(object, timeout)
  local ok, err = pcall(object.wait, object, timeout)
  assert(not ok and err:find "broken barrier$", err)
  assert(object.broken)
  object:reset()
end
add("Barrier:wait", {
  what = "Barrier", timed = true, in_vain = is_broken,
  make = function() return threading.Barrier(2) end,
  call = function(object, timeout) return object:wait(timeout) ~= nil end,
  wake = function(object)
    if object.n_waiting > 0 then -- nobody may wait any more
      object:wait()
    end
  end,
})

-- What ends.

add("Thread:join", {
  what = "thread", told = "%S+ to end", timed = true,
  make = function()
    local over = threading.Event()
    return start_waiting(over.wait, over), over
  end,
  call = function(object, timeout)
    return threading.Thread.join(object, timeout) -- also of a thread's handle
  end,
  wake = function(_, over) over:set() end,
})
add("time.sleep", {
  what = "sleep", told = "sleep", foreign = true,
  make = function() end,
  call = function() time.sleep(math.huge) end,
})
add("time.sleep for a time", {
  what = "sleep", outside = true, foreign = true,
  make = function() end,
  call = function() time.sleep(3600) end,
})

local names = 0
add("require", {
  what = "module", told = "module '%S+'", foreign = true,
  make = function()
    names = names + 1
    local name, over = "spec.no_module_" .. names, threading.Event()
    package.preload[name] = function()
      over:wait()
      return true
    end
    start_waiting(pcall, require, name)
    return name, over
  end,
  call = function(name) return (require(name)) end,
  wake = function(_, over) over:set() end,
})

-- Queues.

for kind, make in pairs {
  Queue = queue.Queue, LifoQueue = queue.LifoQueue,
  PriorityQueue = queue.PriorityQueue, SimpleQueue = queue.SimpleQueue,
  ["interpreters.Queue"] = interpreters.create_queue,
} do
  add(kind .. ":get", {
    what = "Queue", timed = true, negative = NEGATIVE, make = make,
    call = function(q, timeout) return (q:get(true, timeout)) == "new" end,
    wake = function(q) q:put "new" end,
  })
end

for kind, make in pairs {
  Queue = queue.Queue, ["interpreters.Queue"] = interpreters.create_queue,
} do
  local function full_queue()
    local q = make(1)
    q:put "old"
    return q
  end
  add(kind .. ":put", {
    what = "Queue", timed = true, negative = NEGATIVE, make = full_queue,
    call = function(q, timeout) return (q:put("new", true, timeout)) end,
    wake = function(q) q:get() end,
  })
  add(kind .. ":join", {
    what = "Queue", timed = true, make = full_queue,
    call = function(q, timeout) return q:join(timeout) end,
    wake = function(q) q:task_done() end,
  })
end

-- Futures. None of their own threads is needed: this one makes the call.

local future = {
  what = "Future", timed = true,
  make = function() return _thread._future(rawequal, 1, 1) end,
  wake = function(f)
    local q = queue.Queue()
    q:put(f)
    q:shutdown()
    _thread._serve(q)
  end,
}
add("Future:result", {
  call = function(f, timeout) return (f:result(timeout)) end,
}, future)
add("Future:exception", {
  call = function(f, timeout)
    local _, why = f:exception(timeout)
    return f:done() and why == nil
  end,
}, future)
add("futures.wait", {
  what = "Queue", through = true,
  call = function(f, timeout)
    return futures.wait({ f }, timeout)[1] == f
  end,
  in_vain = function(f, timeout)
    local done, not_done = futures.wait({ f }, timeout)
    assert(#done == 0 and #not_done == 1 and not_done[1] == f)
  end,
}, future)
add("futures.as_completed", {
  what = "Queue", through = true,
  call = function(f, timeout)
    local seen
    for it in futures.as_completed({ f }, timeout) do
      seen = it
    end
    return seen == f
  end,
  in_vain = function(f, timeout)
    local ok, err = pcall(function()
      for _ in futures.as_completed({ f }, timeout) do
        error "it is not done"
      end
    end)
    assert(not ok and err:find("1 (of 1) futures unfinished", 1, true), err)
  end,
}, future)

-- Descriptors and programs. A pipe has a name until this process has both ends,
-- of which the first is opened for both, for else that would wait.

local function pipe()
  local name = os.tmpname()
  os.remove(name)
  assert(os.execute("mkfifo " .. name))
  local reader = assert(io.open(name, "r+"))
  local writer = assert(io.open(name, "w"))
  os.remove(name)
  return reader, writer
end

local descriptor = {
  what = "descriptor", outside = true, foreign = true, make = pipe,
  wake = function(_, writer)
    writer:write "new\n"
    writer:flush()
  end,
}
add("io.wait_fd", {
  timed = true, negative = NEGATIVE,
  call = function(f, timeout) return (tio.wait_fd(f, "r", timeout)) end,
}, descriptor)
add("io.read", {
  call = function(f) return tio.read(f) == "new" end,
}, descriptor)
add("io.open", {
  what = "file", outside = true, foreign = true,
  make = function()
    local name = os.tmpname()
    os.remove(name)
    assert(os.execute("mkfifo " .. name))
    return name
  end,
  call = function(name)
    local _ <close> = setmetatable({}, { __close = function()
      os.remove(name)
    end })
    local f = io.open(name)
    return f:close()
  end,
  wake = function(name) -- which is not there where nobody waits any more
    local f = io.open(name, "r+")
    return f and f:close()
  end,
})
-- A command that lasts as long as a file, and this process, and runs another
-- then. It is given the number of the process, for the shell may begin when its
-- parent has ended; and it keeps to itself that nobody reads it any more then.
local function lasting_command(last)
  local shell <close> = io.popen "echo $PPID"
  local name = os.tmpname()
  return ("exec 2>&-; while kill -0 %s && test -e %s; do sleep 0.05; done; "
    .. "rm -f %s; %s"):format(shell:read(), name, name, last), name
end

local program = {
  what = "descriptor", outside = true, foreign = true, program = true,
  make = function()
    local command, name = lasting_command "echo new"
    return tio.popen(command), name
  end,
  wake = function(_, name) os.remove(name) end,
}
add("file:read", {
  call = function(f) return f:read() == "new" end,
}, program)
add("file:lines", {
  call = function(f) return f:lines()() == "new" end,
}, program)
add("file:close", {
  what = "program", call = function(f) return f:close() end,
}, program)
add("os.execute", {
  what = "program",
  make = function() return lasting_command ":" end,
  call = function(command)
    return require "threading.os".execute(command)
  end,
}, program)

local waits = { list = list }

--- The waits, in the order of their names.
-- @tparam[opt] function suits which ones; by default all
-- @return an iterator: the name, and the wait
function waits.each(suits)
  local sorted, i = {}, 0
  for name, wait in pairs(list) do
    sorted[#sorted + 1] = (not suits or suits(wait)) and name or nil
  end
  table.sort(sorted)
  return function()
    i = i + 1
    return sorted[i], list[sorted[i]]
  end
end

--- Has a thread of its own make what is waited for, so that the caller can wait
-- for it: what has an owner does not let that wait.
-- @return the object, what there is more, and a function that has the thread
-- wake the waiter, and end
function waits.make_elsewhere(wait)
  local made, over = threading.Event(), threading.Event()
  local object, more
  local t = start_daemon(function()
    object, more = wait.make()
    made:set()
    over:wait()
    if wait.wake then
      wait.wake(object, more)
    end
  end)
  made:wait()
  return object, more, function()
    over:set()
    t:join()
  end
end

return waits
