-- stress.lua [seconds [threads of each kind]]: everything at once, for the
-- sanitizers and for whoever changes the runtime. Says "ok" and what it did.
--
-- Every loop here allocates now and then: ThreadSanitizer holds a signal back
-- until the thread calls something that it knows.

local _thread = require "threading._thread"
local queue = require "threading.queue"
local threading = require "threading"
local time = require "threading.time"

local seconds = tonumber(arg[1]) or 5
local each = tonumber(arg[2]) or 2
local stop

local function go_on()
  return time.monotonic() < stop
end

local lock, rlock = threading.Lock(), threading.RLock()
local semaphore, event = threading.Semaphore(2), threading.Event()
local condition, barrier = threading.Condition(), threading.Barrier(2)
local shared, locked, started = {}, 0, 0

local kinds = {}

function kinds.locks()
  local made = 0
  while go_on() do
    for i = 1, 200 do
      shared[i % 50] = { i, tostring(i) }
    end
    lock:acquire()
    local before = locked
    locked = before + 1
    lock:release()
    made = made + 1
    local _ <close> = rlock:guard()
    rlock:with(semaphore.with, semaphore, tostring, made)
  end
end

function kinds.timeouts()
  while go_on() do
    time.sleep(0.0003)
    if lock:acquire(true, 0.0005) then
      lock:release()
    end
    if semaphore:acquire(true, 0.0001) then
      semaphore:release()
    end
    event:wait(0.0001)
  end
end

function kinds.conditions()
  while go_on() do
    condition:with(function()
      condition:wait(0.001)
      condition:notify_all()
    end)
    event:set()
    event:clear()
    pcall(barrier.wait, barrier, 0.001)
    if barrier.broken then
      pcall(barrier.reset, barrier)
    end
  end
end

function kinds.coroutines()
  while go_on() do
    local co = coroutine.create(function()
      local inner = coroutine.wrap(function()
        for i = 1, 50 do
          coroutine.yield(("x"):rep(i % 7))
        end
      end)
      for i = 1, 50 do
        inner()
        coroutine.yield(i)
      end
      error {}
    end)
    while coroutine.resume(co) do
      shared[1] = { co }
    end
    coroutine.close(co)
  end
end

function kinds.errors()
  local function deep(n)
    if n == 0 then
      error "deep"
    end
    return 1 + deep(n - 1)
  end
  while go_on() do
    assert(not pcall(deep, 100))
    for _ = 1, 20 do
      setmetatable({}, { __gc = function()
        shared[2] = { {} }
      end })
    end
    assert(not pcall(function()
      local _ <close> = setmetatable({}, { __close = function()
        shared[3] = { {} }
      end })
      error {}
    end))
  end
end

function kinds.hooks()
  while go_on() do
    local n = 0
    debug.sethook(function()
      n = n + 1
      shared[4] = { n }
    end, "crl", 7)
    for i = 1, 100 do
      tostring(math.abs(-i))
    end
    debug.sethook()
    assert(n > 300 and debug.gethook() == nil)
  end
end

function kinds.collections()
  while go_on() do
    collectgarbage("step", 10)
    if math.random(50) == 1 then
      collectgarbage()
    end
  end
end

-- Streams of items, and answers one by one.
function kinds.queues()
  local items, sums = queue.Queue(300), queue.SimpleQueue()
  local t = threading.Thread { target = function()
    local sum = 0
    for item in items:items() do
      sum = sum + (tonumber(item) or item[1])
      if item == 0 then
        sums:put(sum)
        sum = 0
      end
    end
  end }
  t:start()
  while go_on() do
    local n = math.random(1000)
    for i = 1, n do
      items:put(i % 3 > 0 and i or { i })
    end
    items:put(0)
    assert(sums:get() == n * (n + 1) // 2)
  end
  items:shutdown()
  t:join()
end

function kinds.threads()
  while go_on() do
    local t = threading.Thread { target = function(...)
      local list = { ... }
      for i = #list, 100 do
        list[i] = { i }
      end
      if math.random(#list) > 50 then
        threading.exit()
      end
    end, args = { 1, nil, 3, n = 3 } }
    t:start()
    if math.random(3) == 1 then
      t:cancel()
    end
    t:join()
    started = started + 1
  end
end

local function run(mode)
  collectgarbage(mode)
  stop = time.monotonic() + seconds / 2
  local list = {}
  for _, kind in pairs(kinds) do
    for _ = 1, each do
      local t = threading.Thread { target = kind }
      t:start()
      list[#list + 1] = t
    end
  end
  for _, t in ipairs(list) do
    t:join()
  end
end

threading.excepthook = function(args)
  io.stderr:write(args.traceback, "\n")
  os.exit(1)
end

threading.setswitchinterval(5e-5)
run "incremental"
run "generational"
for _ = 1, 5 do
  threading.Thread { daemon = true, target = function()
    while true do
      pcall(time.sleep, 0.001)
    end
  end }:start()
end
assert(next(shared))
print(("ok: %d changes under the lock, %d threads, %d switches"):format(locked,
  started, _thread._switches()))
