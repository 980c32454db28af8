-- Bad input to every public function: a clear error that names the argument,
-- and nothing has changed.

local _thread = require "threading._thread"
local loops = require "threading.loops"
local support = require "spec.support"
local threading = require "threading"
local time = require "threading.time"

local NAN, INF = 0 / 0, math.huge

local function nothing() end

local object = setmetatable({}, { __name = "My.Object" })

-- Bad values for a kind of argument. NIL stands for nil.
local NIL = {}

local BOOLEAN = { 0, 1, "true", {}, nothing, object, io.stdout }
local SECONDS = {
  "x", "1", "", true, false, {}, nothing, object, io.stdout, NAN, INF, -INF,
  -0.5, -2, -100, math.mininteger, math.maxinteger, 1e100, -1e100,
  threading.TIMEOUT_MAX + 1,
}
local INTEGER = {
  "1", "x", true, {}, nothing, object, 1.5, NAN, INF, -INF, 2 ^ 63, 1e100,
}
local NUMBER = { "1", "x", true, {}, nothing, object }
local CALLABLE = { 0, 1.5, "print", true, false, {}, object, io.stdout }
local STRING = { true, false, {}, nothing, object, io.stdout }
local TABLE = { 1, "x", true, false, nothing, io.stdout }
local OPTIONAL_TABLE = { 1, "x", true, nothing, io.stdout }

local function also(list, ...)
  return table.move({ ... }, 1, select("#", ...), #list + 1,
    table.move(list, 1, #list, 1, {}))
end

-- Rows: what is called, the argument's name, the call with a bad value, the
-- bad values, and what must be true afterwards.

local lock, held = threading.Lock(), threading.Lock()
held:acquire()

local function locks_unchanged()
  return not lock:locked() and held:locked()
end

local int = threading.Value("int64", 7)
local float = threading.Value("float64", 7.5)

local function values_unchanged()
  return int.value == 7 and float.value == 7.5
end

local ended = support.start(nothing)
support.join(ended)
local unstarted = threading.Thread { name = "unstarted" }
local renamed = threading.Thread { name = "renamed" }

local function threads_unchanged()
  return tostring(unstarted) == "<Thread(unstarted, initial)>"
    and not unstarted.daemon and threading.active_count() == 1
    and tostring(ended):find "stopped"
end

local function option(name)
  return function(value)
    return threading.Thread { [name] = value }
  end
end

local function args_n(n)
  return threading.Thread { target = nothing, args = { n = n } }
end

local rows = {
  { "Lock:acquire", "blocking", function(x)
    return lock:acquire(x)
  end, { 0, 1, "true", "", nothing, io.stdout }, locks_unchanged },
  { "Lock:acquire", "timeout", function(x)
    return lock:acquire(true, x)
  end, SECONDS, locks_unchanged },
  { "Lock:acquire of a held one", "timeout", function(x)
    return held:acquire(true, x)
  end, SECONDS, locks_unchanged },
  { "Lock:acquire, by name", "blocking", function(x)
    return lock:acquire { blocking = x }
  end, BOOLEAN, locks_unchanged },
  { "Lock:acquire, by name", "timeout", function(x)
    return lock:acquire { timeout = x }
  end, SECONDS, locks_unchanged },
  { "Lock:acquire, a try with", "timeout", function(x)
    return lock:acquire(false, x)
  end, { 0, 0.0, 1, 0.5 }, locks_unchanged },
  { "Lock:acquire, an unknown", "tiemout", function(x)
    return lock:acquire { tiemout = x }
  end, { 1, "x", true }, locks_unchanged },
  { "Lock:with", "fn", function(x)
    return lock:with(x)
  end, also(CALLABLE, NIL), locks_unchanged },
  { "Lock", "arguments", threading.Lock, { 1, "x", {}, true },
    locks_unchanged },

  { "Thread", "options", threading.Thread, OPTIONAL_TABLE,
    threads_unchanged },
  { "Thread", "target", option "target", CALLABLE, threads_unchanged },
  { "Thread", "args", option "args", OPTIONAL_TABLE, threads_unchanged },
  { "Thread", "args.n", args_n,
    { -1, 1.5, "1", "x", true, {}, NAN, INF, math.maxinteger },
    threads_unchanged },
  { "Thread", "name", option "name", STRING, threads_unchanged },
  { "Thread", "daemon", option "daemon", BOOLEAN, threads_unchanged },
  { "Thread, an unknown", "tagret", option "tagret", { 1, nothing, false },
    threads_unchanged },
  { "Thread.daemon =", "daemon", function(x)
    unstarted.daemon = x
  end, also(BOOLEAN, NIL), threads_unchanged },
  { "Thread.name =", "name", function(x)
    renamed.name = x
  end, also(STRING, NIL), function()
    return renamed.name == "renamed"
  end },
  { "Thread.ident =", "ident", function(x)
    unstarted.ident = x
  end, { 1, "x", NIL }, threads_unchanged },
  { "Thread.native_id =", "native_id", function(x)
    unstarted.native_id = x
  end, { 1, "x", NIL }, threads_unchanged },
  { "Thread:join", "timeout", function(x)
    return ended:join(x)
  end, also(SECONDS, -1), threads_unchanged },
  { "Thread:extend", "name", function(x)
    return threading.Thread:extend(x)
  end, also(STRING, NIL, 1), threads_unchanged },

  { "excepthook", "args", threading.excepthook, also(TABLE, NIL) },
  { "setswitchinterval", "interval", threading.setswitchinterval,
    also(SECONDS, NIL, 0, 0.0, -1), function()
      return threading.getswitchinterval() == 0.005
    end },
  { "stack_size", "size", threading.stack_size,
    also(INTEGER, -1, math.mininteger, 1, 123, 4096, (1 << 20) + 1),
    function()
      return threading.stack_size() == 0
    end },
  { "interrupt_main", "signum", threading.interrupt_main,
    also(INTEGER, -1, 0, 65, 1000000, 1 << 32, math.mininteger) },

  { "time.sleep", "secs", time.sleep, also(SECONDS, NIL, -1) },

  { "start_new_thread", "fn", _thread.start_new_thread, also(CALLABLE, NIL),
    threads_unchanged },
  { "allocate_lock", "arguments", _thread.allocate_lock, { 1, "x", {} } },

  { "Value", "type", threading.Value,
    also(STRING, NIL, 1, "", "int32", "INT64", "int64 ") },
  { "Value int64", "initial", function(x)
    return threading.Value("int64", x)
  end, INTEGER },
  { "Value float64", "initial", function(x)
    return threading.Value("float64", x)
  end, NUMBER },
  { "Value.value =, int64", "value", function(x)
    int.value = x
  end, also(INTEGER, NIL), values_unchanged },
  { "Value.value =, float64", "value", function(x)
    float.value = x
  end, also(NUMBER, NIL), values_unchanged },
  { "Value:fetch_add, int64", "n", function(x)
    return int:fetch_add(x)
  end, also(INTEGER, NIL), values_unchanged },
  { "Value:fetch_add, float64", "n", function(x)
    return float:fetch_add(x)
  end, also(NUMBER, NIL), values_unchanged },
  { "Value:exchange, int64", "x", function(x)
    return int:exchange(x)
  end, also(INTEGER, NIL), values_unchanged },
  { "Value:exchange, float64", "x", function(x)
    return float:exchange(x)
  end, also(NUMBER, NIL), values_unchanged },
  { "Value:compare_exchange, int64", "old", function(x)
    return int:compare_exchange(x, 1)
  end, also(INTEGER, NIL), values_unchanged },
  { "Value:compare_exchange, int64", "new", function(x)
    return int:compare_exchange(7, x)
  end, also(INTEGER, NIL), values_unchanged },
  { "Value:compare_exchange, float64", "old", function(x)
    return float:compare_exchange(x, 1)
  end, also(NUMBER, NIL), values_unchanged },
  { "Value:compare_exchange, float64", "new", function(x)
    return float:compare_exchange(7.5, x)
  end, also(NUMBER, NIL), values_unchanged },

  { "loops.change", "balance", function(x)
    return loops.change(x, 1, 1)
  end, { NIL, 1, "x", {}, lock, io.stdout, object } },
  { "loops.change, int64", "n", function(x)
    return loops.change(int, x, 1)
  end, also(INTEGER, NIL), values_unchanged },
  { "loops.change, float64", "n", function(x)
    return loops.change(float, x, 1)
  end, also(NUMBER, NIL), values_unchanged },
  { "loops.change", "times", function(x)
    return loops.change(int, 1, x)
  end, also(INTEGER, NIL, -1, math.mininteger), values_unchanged },
  { "loops.change", "lock", function(x)
    return loops.change(int, 1, 1, x)
  end, { 1, "x", true, false, {}, int, io.stdout, object },
    values_unchanged },
  { "loops.spin", "seconds", loops.spin,
    { "x", "1", true, {}, nothing, object, lock, NAN, -1, -0.5, -INF } },
}

-- As a whole word: "n" is not named by "number".
local function names(message, arg)
  return message:find("%f[%w]" .. arg:gsub("%.", "%%.") .. "%f[^%w]")
end

local function show(value)
  if type(value) == "string" then
    return ("%q"):format(value)
  end
  return value == NIL and "nil" or tostring(value)
end

describe("bad input:", function()
  for _, row in ipairs(rows) do
    local what, arg, call, bad, unchanged = table.unpack(row)
    it(what .. " " .. arg, function()
      for _, value in ipairs(bad) do
        if value == NIL then
          value = nil
        end
        local ok, message = pcall(call, value)
        local case = what .. " " .. arg .. " = " .. show(value)
        assert(not ok, case .. ": no error")
        assert(type(message) == "string", case .. ": not a text")
        assert(names(message, arg), case .. ": " .. message)
        assert(not unchanged or unchanged(), case .. ": changed something")
      end
    end)
  end
end)

describe("bad self:", function()
  local others = {
    NIL, 1, "x", true, {}, nothing, coroutine.create(nothing), io.stdout,
    object, setmetatable({}, { __index = lock }),
  }

  local function refuses(call, name, list)
    for _, value in ipairs(list) do
      if value == NIL then
        value = nil
      end
      local ok, message = pcall(call, value, nothing, 1)
      assert(not ok, "no error: " .. show(value))
      assert(tostring(message):find(name, 1, true), message)
    end
  end

  for _, name in ipairs { "acquire", "release", "locked", "guard", "with" } do
    it("Lock:" .. name, function()
      refuses(lock[name], "threading.Lock expected",
        also(others, int, unstarted))
      assert.is_true(locks_unchanged())
    end)
  end

  for _, name in ipairs { "fetch_add", "exchange", "compare_exchange" } do
    it("Value:" .. name, function()
      refuses(int[name], "threading.Value expected",
        also(others, lock, unstarted))
    end)
  end

  for _, name in ipairs { "start", "run", "join", "is_alive" } do
    it("Thread:" .. name, function()
      refuses(threading.Thread[name], "Thread",
        also(others, lock, int, threading.Thread))
    end)
  end
end)

describe("misuse:", function()
  -- What the caller did wrong is told with the caller's place.
  local cases = {
    { "a second start", "threads can only be started once", function()
      ended:start()
    end },
    { "start of the main thread", "threads can only be started once",
      function()
        threading.main_thread():start()
      end },
    { "join before the start", "cannot join thread before it is started",
      function()
        unstarted:join()
      end },
    { "join of oneself", "cannot join current thread", function()
      threading.current_thread():join()
    end },
    { "join of oneself with a timeout", "cannot join current thread",
      function()
        threading.current_thread():join(1)
      end },
    { "release of a free lock", "release unlocked lock", function()
      lock:release()
    end },
    { "a timeout for a try",
      "can't specify a timeout for a non-blocking call", function()
        lock:acquire(false, 1)
      end },
    { "daemon of a thread that was started",
      "cannot set daemon status of active thread", function()
        ended.daemon = true
      end },
    { "a target that is not callable", "target", function()
      threading.Thread { target = 5 }
    end },
    { "an unknown option", "tagret", function()
      threading.Thread { tagret = nothing }
    end },
    { "a timeout of a wrong type", "timeout", function()
      ended:join "x"
    end },
    { "a sleep of a wrong type", "secs", function()
      time.sleep "x"
    end },
    { "a method of something else", "Thread", function()
      threading.Thread.start {}
    end },
    { "a Value of a wrong type", "value", function()
      int.value = "x"
    end },
  }
  for _, case in ipairs(cases) do
    local what, text, call = table.unpack(case)
    it(what, function()
      local _, message = pcall(call)
      assert.matches(text, tostring(message), 1, true)
      assert.matches("^%S*badinput_spec%.lua:%d+: ", message)
      assert.is_truthy(threads_unchanged())
      assert.is_true(locks_unchanged())
    end)
  end
end)

-- In a child, for what it finds is a crash.
describe("any function with any arguments", function()
  it("raises or returns, and the process goes on", function()
    local out = support.output_of([[
      local _thread = require "threading._thread"
      local threading = require "threading"
      local time = require "threading.time"
      local lock, value = threading.Lock(), threading.Value "int64"
      local t = threading.Thread {}
      t:start()
      t:join()
      local function nothing() end
      local pool = {
        false, true, 0, -1, 0.001, 0/0, math.huge, math.maxinteger,
        math.mininteger, "", "x", {}, nothing, lock, value, t,
        threading.Thread {}, coroutine.create(nothing), io.stdout,
        _thread._handle(),
      }
      local list = {
        threading.Thread, threading.excepthook, threading.stack_size,
        threading.setswitchinterval, threading.Lock, threading.Value,
        _thread.start_new_thread, time.sleep,
      }
      local function add(methods)
        for name, f in pairs(methods) do
          if type(f) == "function" and name ~= "__gc" then
            list[#list + 1] = f
          end
        end
      end
      add(threading.Thread)
      add(debug.getmetatable(lock))
      add(debug.getmetatable(value))
      add(debug.getmetatable(pool[#pool])) -- a handle
      local stderr = io.stderr
      io.stderr = { write = function() end } -- what excepthook has to say
      local calls = 0
      for _, f in ipairs(list) do
        for i = 0, #pool do
          for j = 0, #pool do
            if lock:locked() then
              lock:release()
            end
            pcall(f, pool[i], pool[j])
            pcall(f, pool[i], true, pool[j])
            calls = calls + 2
          end
        end
        collectgarbage()
      end
      io.stderr = stderr
      threading.setswitchinterval(0.005)
      threading.stack_size(0)
      local after = threading.Thread { target = print, args = { "goes on" } }
      after:start()
      after:join()
      assert(calls > 10000)
    ]], { seconds = 30 })
    assert.equal("goes on\n", out)
  end)
end)
