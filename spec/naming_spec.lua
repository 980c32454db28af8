-- The names of objects: how they are given, and where they are shown.

local events = require "threading.trace.events"
local explore = require "threading.explore"
local files = require "spec.support.files"
local interpreters = require "threading.interpreters"
local queue = require "threading.queue"
local support = require "spec.support"
local threading = require "threading"

-- Type -> makes an object: with a table of options, and with one behind the
-- arguments, or in the place of some.
local makers = {
  Lock = { threading.Lock },
  RLock = { threading.RLock },
  RWLock = { threading.RWLock },
  Condition = { threading.Condition, function(options)
    return threading.Condition(threading.Lock(), options)
  end, function(options)
    return threading.Condition(nil, options)
  end },
  Semaphore = { threading.Semaphore, function(options)
    return threading.Semaphore(3, options)
  end },
  BoundedSemaphore = { threading.BoundedSemaphore, function(options)
    return threading.BoundedSemaphore(3, options)
  end },
  Event = { threading.Event },
  Barrier = { function(options)
    return threading.Barrier(2, options)
  end, function(options)
    return threading.Barrier(2, print, options)
  end, function(options)
    return threading.Barrier(2, nil, nil, options)
  end },
  Value = { function(options)
    return threading.Value("int64", options)
  end, function(options)
    return threading.Value("int64", 7, options)
  end },
  Array = { function(options)
    return threading.Array("float64", 2, options)
  end, function(options)
    return threading.Array("float64", { 1, 2 }, options)
  end },
  Queue = { queue.Queue, function(options)
    return queue.Queue(10, options)
  end },
  LifoQueue = { queue.LifoQueue, function(options)
    return queue.LifoQueue(10, options)
  end },
  PriorityQueue = { queue.PriorityQueue, function(options)
    return queue.PriorityQueue(10, options)
  end },
  SimpleQueue = { queue.SimpleQueue },
  ["interpreters.Queue"] = { interpreters.create_queue, function(options)
    return interpreters.create_queue(10, options)
  end },
}

local function each(fn)
  for kind, ways in pairs(makers) do
    for i, make in ipairs(ways) do
      fn(kind, make, i)
    end
  end
end

describe("the name", function()
  each(function(kind, make, i)
    local title = ("of %s %s, way %d, "):format(
      kind:find "^[aeiouABE]" and "an" or "a", kind, i)

    it(title .. "is shown by tostring, and returned", function()
      local object = make { name = "accounts" }
      assert.equal("accounts", object:get_name())
      assert.matches("^<threading%." .. kind:gsub("%.", "%%.")
        .. ' "accounts"', (tostring(object):gsub("^<unlocked ", "<")))
    end)

    it(title .. "is not needed", function()
      for _, object in ipairs { make {}, make(), make(nil) } do
        assert.is_nil(object:get_name())
        assert.is_nil(tostring(object):find('"', 1, true))
      end
    end)

    it(title .. "is text that can be shown", function()
      for _, name in ipairs { 5, true, {}, print } do
        local message = support.message(make, { name = name })
        assert.matches("name: string expected, got", message, 1, true)
      end
      assert.matches("name: must not be empty",
        support.message(make, { name = "" }), 1, true)
      for _, c in ipairs { "\n", "\0", "\27", "\127" } do
        assert.matches("name: must not have control characters",
          support.message(make, { name = "a" .. c }), 1, true)
      end
      assert.equal("Stra\u{df}e", make({ name = "Stra\u{df}e" }):get_name())
    end)

    it(title .. "may be long", function()
      local name = ("x"):rep(1000)
      assert.equal(name, make({ name = name }):get_name())
    end)

    it(title .. "is told of where an option is unknown", function()
      assert.matches("unexpected keyword argument 'nmae' to '.+'; it takes .*"
        .. "%f[%w]name%f[%W]", support.message(make, { nmae = "accounts" }))
      assert.matches("unexpected keyword argument '1' to '.+'; it takes .*"
        .. "%f[%w]name%f[%W].*, each by its name$",
        support.message(make, { "accounts" }))
    end)
  end)
end)

describe("options", function()
  it("may have the arguments, too", function()
    local lock = threading.Lock()
    local condition = threading.Condition { lock = lock, name = "c" }
    lock:acquire()
    condition:notify()
    assert.matches("value=3>", tostring(threading.Semaphore { value = 3 }))
    assert.equal(2, threading.Barrier({ parties = 2, name = "b" }).parties)
    local q = queue.Queue { maxsize = 1, name = "q" }
    q:put(1)
    assert.is_true(q:full())
  end)

  it("give nothing twice", function()
    for _, case in ipairs {
      { threading.Semaphore, 3, { value = 3 } },
      { threading.Condition, threading.Lock(), { lock = threading.Lock() } },
      { threading.Barrier, 2, { parties = 2 } },
      { threading.Value, "int64", 1, { initial = 1 } },
      { queue.Queue, 3, { maxsize = 3 } },
      { interpreters.create_queue, 3, { maxsize = 3 } },
    } do
      assert.matches("got multiple values for argument '%w+'",
        support.message(table.unpack(case)))
    end
  end)

  it("are a table", function()
    for _, case in ipairs {
      { threading.Lock, "accounts" }, { threading.Semaphore, 3, "slots" },
      { threading.Condition, threading.Lock(), "c" }, { queue.Queue, 3, "q" },
      { threading.Barrier, 2, nil, nil, "b" },
      { threading.Value, "int64", 1, "v" },
      { threading.Array, "int64", 1, "a" }, { queue.SimpleQueue, "q" },
    } do
      assert.matches("options: table expected, got string; write `{ name = "
        .. "%.%.%. }`", support.message(table.unpack(case, 1, 5)))
    end
  end)

  it("are no objects of the program's", function()
    local calls = 0
    local action = setmetatable({}, { __call = function()
      calls = calls + 1
    end })
    threading.Barrier(1, action):wait()
    assert.equal(1, calls)
    local own = { acquire = print, release = print, name = 7 }
    assert.matches("^<threading.Condition%(table: ",
      tostring(threading.Condition(own)))
    assert.matches("lock: object with acquire and release expected",
      support.message(threading.Condition, setmetatable({}, {})), 1, true)
  end)
end)

describe("a Condition", function()
  it("gives its name to the lock that it makes", function()
    assert.matches('^<threading.Condition "c"%(<unlocked threading.RLock "c"',
      tostring(threading.Condition { name = "c" }))
    assert.is_nil(tostring(threading.Condition(threading.Lock(),
      { name = "c" })):find('Lock "c"', 1, true))
  end)
end)

describe("an object with a name", function()
  local crossing = {
    "Lock", "RLock", "Condition", "Semaphore", "Event", "Value", "Array",
    "interpreters.Queue",
  }
  for _, kind in ipairs(crossing) do
    it("has it in other interpreters: " .. kind, function()
      local object = makers[kind][1] { name = "accounts" }
      local i <close> = interpreters.create()
      local name, text = i:call(load [[
        local object = ...
        return object:get_name(), tostring(object)
      ]], object)
      assert.equal("accounts", name)
      assert.equal(tostring(object), text)
      local back = i:call(load [[
        return require "threading".Lock { name = "theirs" }
      ]])
      i:close()
      assert.equal("theirs", back:get_name())
    end)
  end
end)

-- Kind -> how an object is made (OPTIONS are those, or none), and waited for:
-- `o` is the object, of which a thread before it has done `first`.
local waits = {
  Lock = { "threading.Lock(OPTIONS)", "o:acquire()", first = "o:acquire()" },
  RLock = { "threading.RLock(OPTIONS)", "o:acquire()", first = "o:acquire()" },
  RWLock = { "threading.RWLock(OPTIONS)", "o:acquire_write()",
    first = "o:acquire_read()" },
  Semaphore = { "threading.Semaphore(0, OPTIONS)", "o:acquire()" },
  BoundedSemaphore = { "threading.BoundedSemaphore(0, OPTIONS)", "o:acquire()",
    what = "Semaphore" },
  Event = { "threading.Event(OPTIONS)", "o:wait()" },
  Condition = { "threading.Condition(threading.Lock(), OPTIONS)",
    "o:acquire() o:wait()" },
  ["Condition's lock"] = { "threading.Condition(nil, OPTIONS)", "o:acquire()",
    first = "o:acquire()", what = "RLock" },
  Barrier = { "threading.Barrier(2, OPTIONS)", "o:wait()" },
  ["Barrier's next round"] = {
    "threading.Barrier(1, function() never:wait() end, OPTIONS)", "o:wait()",
    first = "start(o.wait, o)", what = "Barrier" },
  Queue = { "queue.Queue(0, OPTIONS)", "o:get()" },
  ["full Queue"] = { "queue.Queue(1, OPTIONS)", "o:put(2)", first = "o:put(1)",
    what = "Queue" },
  ["Queue's join"] = { "queue.Queue(0, OPTIONS)", "o:join()",
    first = "o:put(1)", what = "Queue" },
  LifoQueue = { "queue.LifoQueue(0, OPTIONS)", "o:get()", what = "Queue" },
  PriorityQueue = { "queue.PriorityQueue(0, OPTIONS)", "o:get()",
    what = "Queue" },
  SimpleQueue = { "queue.SimpleQueue(OPTIONS)", "o:get()", what = "Queue" },
  ["interpreters' Queue"] = { "interpreters.create_queue(0, OPTIONS)",
    "o:get()", what = "Queue" },
  ["interpreters' full Queue"] = { "interpreters.create_queue(1, OPTIONS)",
    "o:put(2)", first = "o:put(1)", what = "Queue" },
}

-- A program in which a thread waits for an object of each kind, which is made
-- in a line of its own; then it dumps, and all of them wait for ever.
local function program_of(options)
  local lines, kinds = { [[local threading = require "threading" ]]
    .. [[local queue = require "threading.queue" ]]
    .. [[local interpreters = require "threading.interpreters" ]]
    .. [[local _thread = require "threading._thread" ]]
    .. [[local time = require "threading.time" ]]
    .. [[local never = threading.Event { name = "never" } ]]
    .. [[local function start(fn, ...) local t = threading.Thread { ]]
    .. [[target = fn, args = { ... }, daemon = true } t:start() ]]
    .. [[while not _thread._parked()[t.ident] do time.sleep(0) end return t ]]
    .. [[end local o]] }, {}
  for kind, it in pairs(waits) do
    lines[#lines + 1] = "o = " .. it[1]:gsub("OPTIONS", options)
    kinds[#lines] = kind
    lines[#lines] = lines[#lines] .. (" do local o = o %s start(function() "
      .. "%s end).name = %q end"):format(it.first or "", it[2], kind)
  end
  lines[#lines + 1] = "threading.dump(io.stdout)"
  lines[#lines + 1] = "print(pcall(never.wait, never))"
  return table.concat(lines, "\n"), kinds
end

local function what_of(kind)
  return waits[kind].what or kind
end

-- Runs it; returns what it says, and kind -> where its object is made.
local function run_all(options, before)
  local program, kinds = program_of(options)
  local r = support.run(program, { before = before })
  assert.equal(0, r.code, r.err)
  local places = {}
  for line, kind in pairs(kinds) do
    places[kind] = "%S+:" .. line
  end
  return r.out, places
end

local function pattern(text)
  return (text:gsub("%p", "%%%0"))
end

-- Checks each kind's line in a report of waits.
local function check_lines(text, lead, places, object_of)
  for kind in pairs(waits) do
    local object = object_of(kind, places[kind])
    assert.matches("\n" .. lead .. pattern(kind) .. "[^\n]* waits for "
      .. object .. " at %S+:%d+", "\n" .. text)
  end
end

local ways = {
  ["by its name"] = { '{ name = "accounts" }', nil, function(kind)
    return what_of(kind) .. ' "accounts"'
  end },
  ["by its name, also under THREADING_DEBUG"] = {
    '{ name = "accounts" }', "export THREADING_DEBUG=1", function(kind)
      return what_of(kind) .. ' "accounts"'
    end },
  ["by its address"] = { "nil", nil, function(kind)
    return what_of(kind) .. " 0x%x+"
  end },
  ["by the place where it was made, under THREADING_DEBUG"] = {
    "nil", "export THREADING_DEBUG=1", function(kind, place)
      return what_of(kind) .. " 0x%x+ %(made at " .. place .. "%)"
    end },
}

describe("what a thread waits for", function()
  for how, way in pairs(ways) do
    it("is called " .. how .. " in dumps and in reports of deadlocks",
      function()
        local out, places = run_all(way[1], way[2])
        local dump, deadlock = out:match "^(.-)\nfalse\t(.*)$"
        check_lines(dump, "", places, way[3])
        assert.matches("deadlock: every thread waits for ever", deadlock, 1,
          true)
        check_lines(deadlock, "    ", places, way[3])
        assert.matches('MainThread waits for Event "never" at', deadlock, 1,
          true)
      end)
  end

  -- Object -> true, of what the threads of these kinds waited for.
  local function traced(options)
    local folder = files.folder()
    local name = folder .. "/run.json"
    local _, places = run_all(options, "export THREADING_TRACE=" .. name)
    local run = assert(events.read(name))
    os.execute("rm -r " .. folder)
    local seen = {}
    for _, row in ipairs(run.rows) do
      seen[row.name] = seen[row.name] or {}
      for number in pairs(row.spans) do
        seen[row.name][run.details[number].args.object or ""] = true
      end
    end
    return seen, places
  end

  local function check_traced(options, object_of)
    local seen, places = traced(options)
    for kind in pairs(waits) do
      local object, found = object_of(kind, places[kind]), false
      for name in pairs(seen[kind]) do
        found = found or name:find("^" .. object .. "$")
      end
      assert(found, object .. ", not " .. table.concat(require "tools.keys"(
        seen[kind]), ", "))
    end
  end

  it("is called by its name in traces", function()
    check_traced('{ name = "accounts" }', function(kind)
      return what_of(kind) .. ' "accounts"'
    end)
  end)

  it("is called by the place where it was made in traces", function()
    check_traced("nil", function(kind, place)
      return what_of(kind) .. " made at " .. place
    end)
  end)
end)

describe("tables of a trace", function()
  it("count by names, and by places", function()
    local folder = files.folder()
    local r = support.run([[
      local threading = require "threading"
      local named = threading.Event { name = "accounts" }
      for _ = 1, 3 do named:wait(0.001) end
      for _ = 1, 3 do threading.Event():wait(0.001) end
    ]], { before = "export THREADING_TRACE=" .. folder .. "/run.svg" })
    os.execute("rm -r " .. folder)
    assert.matches('\nEvent "accounts" +3 ', r.err)
    assert.matches("\nEvent made at %S+:4 +3 ", r.err)
  end)
end)

describe("names of objects that end", function()
  -- Objects that are made, waited for, and end, while others dump.
  local come_and_go <const> = [[
    local threading = require "threading"
    local queue = require "threading.queue"
    for i = 1, 60 do
      threading.Event({ name = "event " .. i }):wait(1e-5)
      queue.Queue({ name = "queue " .. i }):get(true, 1e-5)
      local lock = threading.RLock { name = "lock " .. i }
      local _ <close> = lock:guard()
      local nobody = threading.Lock()
      nobody:acquire()
      nobody:acquire(true, 1e-5)
    end
  ]]

  for how, before in pairs { ["by names"] = "export THREADING_DEBUG=0",
      ["by places, too"] = "export THREADING_DEBUG=1" } do
    it("are read by the dumps of others, " .. how, function()
      local out = support.output_of(([[
        local interpreters = require "threading.interpreters"
        local threading = require "threading"
        local code = %q
        local threads = {}
        for i = 1, 4 do
          local run = i < 3 and load(code) or function()
            local other <close> = interpreters.create()
            other:exec(code)
          end
          threads[i] = threading.Thread { target = run }:start()
        end
        local seen = {}
        local sink = { write = function(_, text)
          for what in text:gmatch '"(%%a+ )%%d+"' do seen[what] = true end
        end }
        while threading.active_count() > 1 do
          threading.dump(sink)
        end
        for _, t in ipairs(threads) do t:join() end
        assert(seen["event "] or seen["queue "])
        print "done"
      ]]):format(come_and_go), { before = before })
      assert.equal("done\n", out)
    end)
  end
end)

describe("a lock that is held", function()
  it("is called by its name in dumps", function()
    local out = support.output_of [[
      local threading = require "threading"
      threading.Lock({ name = "accounts" }):acquire()
      threading.RLock({ name = ("long"):rep(16) }):acquire()
      threading.RLock({ name = ("Stra\u{df}e "):rep(10) }):acquire()
      threading.Lock():acquire()
      threading.dump(io.stdout)
    ]]
    for _, text in ipairs {
      'holds Lock "accounts"', "holds Lock 0x%x+",
      'holds RLock "' .. ("long"):rep(15) .. 'lon..."',
      'holds RLock "' .. ("Stra\u{df}e "):rep(7) .. 'Stra\u{df}e..."',
    } do
      assert.matches("\n  " .. text:gsub("%.", "%%.") .. "\n", out)
    end
  end)

  it("is called by its name, or where it was made, in reports of orders",
    function()
      local r = support.run([[
        local threading = require "threading"
        local a = threading.Lock { name = "accounts" }
        local b = threading.RLock()
        a:acquire() b:acquire() b:release() a:release()
        b:acquire() a:acquire() a:release() b:release()
      ]], { before = "export THREADING_DEBUG=1" })
      local B <const> = "RLock 0x%x+ %(made at %S+:3%)"
      assert.matches(': ' .. B .. ' then Lock "accounts" at %S+:5, '
        .. 'Lock "accounts" then ' .. B .. " at %S+:4: take", r.err)
    end)
end)

describe("an error", function()
  local cases = {
    ["release unlocked lock"] = { "Lock", threading.Lock, "release" },
    ["cannot release un-acquired lock"] = { "RLock", threading.RLock,
      "release" },
    ["release_write: this thread does not write"] = { "RWLock",
      threading.RWLock, "release_write" },
    ["cannot read: this thread writes already"] = { "RWLock",
      function(options)
        local rw = threading.RWLock(options)
        rw:acquire_write()
        return rw
      end, "acquire_read" },
    ["cannot wait on un-acquired lock"] = { "Condition", threading.Condition,
      "wait" },
    ["cannot notify on un-acquired lock"] = { "Condition", threading.Condition,
      "notify_all" },
    ["Semaphore released too many times"] = { "Semaphore",
      threading.BoundedSemaphore, "release" },
    ["broken barrier"] = { "Barrier", function(options)
      local barrier = threading.Barrier(2, options)
      barrier:abort()
      return barrier
    end, "wait" },
    ["task_done() called too many times"] = { "Queue", queue.Queue,
      "task_done" },
  }
  for text, case in pairs(cases) do
    it("names the object: " .. text, function()
      local kind, make, method = table.unpack(case)
      local named, other = make { name = "accounts" }, make()
      local message = support.message(other[method], other)
      assert.equal(1, message:find(text, 1, true))
      assert.equal(text .. ": " .. kind .. ' "accounts"'
        .. message:sub(#text + 1), support.message(named[method], named))
    end)
  end

  it("names the object that was made where, under THREADING_DEBUG", function()
    assert.matches("^release unlocked lock: Lock 0x%x+ %(made at %S+:1%)\n",
      support.output_of("local lock = require 'threading'.Lock()\n"
        .. "print(select(2, pcall(lock.release, lock)))",
        { before = "export THREADING_DEBUG=1" }))
  end)
end)

describe("the place where an object was made", function()
  it("is the program's, and not the library's", function()
    local out = support.output_of([[
      local threading = require "threading"
      local timer = threading.Timer(1, print)
      print(timer.finished)
      timer:start():cancel()
      local pool = require "threading.futures".ThreadPoolExecutor(1)
      print(pool:submit(math.abs, -1))
      pool:shutdown()
    ]], { before = "export THREADING_DEBUG=1" })
    assert.matches("^<threading.Event %(made at %S+:2%) at 0x%x+: unset>\n"
      .. "<threading.Future %(made at %S+:6%) at 0x", out)
  end)

  it("is told of while explore runs, in its reports", function()
    local r = explore.run(function()
      local lock = threading.RLock()
      lock:acquire()
      threading.Thread { target = lock.acquire, args = { lock } }
        :start():join()
    end)
    assert.is_false(r.ok)
    assert.matches("waits for RLock 0x%x+ %(made at %S*naming_spec.lua:%d+%)",
      r.failure.message)
    assert.is_nil(tostring(threading.Lock()):find("made at", 1, true))
  end)
end)
