-- Bad input to every public function: an error that names the argument, at
-- the caller's place, at once; and nothing has changed.
--
-- What is bad follows from the signatures in lua/threading/types.lua: each
-- parameter in turn gets everything that its type does not accept, be it
-- given by its place or by its name, and so does each field that may be set.

local _thread = require "threading._thread"
local arguments = require "spec.support.arguments"
local futures = require "threading.futures"
local keys = require "tools.keys"
local loops = require "threading.loops"
local queue = require "threading.queue"
local support = require "spec.support"
local threading = require "threading"
local time = require "threading.time"
local types = require "spec.support.types"

local function nothing() end

local ended = support.start(nothing)
support.join(ended)

-- What must be as before.
local function state_of(self)
  return table.concat({
    tostring(self), threading.getswitchinterval(), threading.stack_size(),
    threading.active_count(), threading.deadlock_policy(),
    tostring(threading.excepthook), tostring(ended),
  }, "\n")
end

-- As a whole word: "n" is not named by "number". One of several "a|b" does.
local function names(message, arg)
  for word in arg:gmatch "[^|]+" do
    if message:find("%f[%w_]" .. word .. "%f[^%w_]") then
      return true
    end
  end
end

local function refuses(arg, case, self, call, ...)
  local before = state_of(self)
  local ok, message = pcall(function(...)
    call(...) -- not a tail call, for the error bears this place
    return nil
  end, ...)
  assert(not ok, case .. ": no error")
  assert(type(message) == "string", case .. ": not a text")
  assert(names(message, arg), case .. ": " .. message)
  assert(message:find "^%S*badinput_spec%.lua:%d+: ", case .. ": " .. message)
  assert(state_of(self) == before, case .. ": changed something")
end

-- Good arguments, but for the one at `place`.
local function arguments_of(target, place, value)
  local args = table.pack(target.make and target.make())
  local first = target.make and 1 or 0
  for i, param in ipairs(target.params) do
    if i == place then
      args[first + i] = value
    elseif param.name ~= "..." and (i < place or not param.optional) then
      args[first + i] = arguments.good(param.type)
    end
  end
  return args, math.max(first + #target.params, 1)
end

-- Values and Arrays are tried with several types of numbers.
local function elements(target)
  local words = { target.class }
  for i, param in ipairs(target.params) do
    words[i + 1] = param.type
  end
  local all = " " .. table.concat(words, " ") .. " "
  if all:find " threading%.loops " then
    return { "int64", "float64" }
  end
  return all:find " threading%.element "
    and { "int64", "float64", "int8", "float32" } or { "int64" }
end

-- Each in a thread of its own, so that a call that waits is noticed. `wrap`
-- turns a value into what stands at `place`.
local function spec_parameter(target, place, param, wrap)
  it(target.name .. ", " .. param.name, function()
    for _, element in ipairs(elements(target)) do
      arguments.element = element
      support.in_thread(arguments.each_bad, param.type, param.optional,
        function(value, shown)
          if wrap then
            value = wrap(value)
          end
          local args, n = arguments_of(target, place, value)
          refuses(param.name, param.name .. " = " .. shown,
            target.make and args[1], target.f, table.unpack(args, 1, n))
        end)
    end
    arguments.element = "int64"
  end)
end

-- The fields of a table that stands at `place`, and one that it has not.
local function spec_fields(target, place, class)
  local fields = table.move(types.classes[class].fields, 1,
    #types.classes[class].fields, 1, {})
  if types.classes[class].exact then
    fields[#fields + 1] = { name = "tiemout", type = "never", optional = true }
  end
  for _, field in ipairs(fields) do
    spec_parameter(target, place, field, function(value)
      local options = arguments.options(class)
      options[field.name] = value
      return options
    end)
  end
end

local function spec_signature(target)
  for place, param in ipairs(target.params) do
    local named = target.overloads[1] and target.overloads[1].params[place]
    spec_parameter(target, place, named and {
      name = param.name,
      type = param.type .. "|table", -- the table of the arguments' names
      optional = param.optional,
    } or param)
    if arguments.is_plain(param.type)
        and param.type ~= "threading.ExceptHookArgs" then
      spec_fields(target, place, param.type)
    end
  end
end

local function spec_function(target, description)
  target.params, target.overloads = description.params, description.overloads
  spec_signature(target)
  for _, overload in ipairs(description.overloads) do
    local other = setmetatable({ params = overload.params }, {
      __index = target,
    })
    for place, param in ipairs(overload.params) do
      if arguments.is_plain(param.type) then
        spec_fields(other, place, param.type)
      end
    end
  end
end

local modules = {
  threading = threading,
  ["threading._thread"] = _thread,
  ["threading.futures"] = futures,
  ["threading.interpreters"] = require "threading.interpreters",
  ["threading.io"] = require "threading.io",
  ["threading.log"] = require "threading.log",
  ["threading.loops"] = loops,
  ["threading.os"] = require "threading.os",
  ["threading.queue"] = queue,
  ["threading.socket"] = arguments.socket,
  ["threading.time"] = time,
}

describe("bad input to", function()
  for module_name, module in pairs(modules) do
    local functions = types.classes[module_name].functions
    for _, name in ipairs(keys(functions)) do
      spec_function({
        name = module_name .. "." .. name,
        class = module_name,
        f = module[name],
      }, functions[name])
    end
  end

  for _, class in ipairs(keys(arguments.makers)) do
    local functions = types.classes[class].functions
    local constructor = rawget(threading, class:match "%w+$")
    for _, name in ipairs(keys(functions)) do
      if name == "init" then
        spec_function({ name = class, class = class, f = constructor },
          functions.init)
      else
        local make = name == "extend" and function()
          return constructor
        end or arguments.makers[class]
        spec_function({
          name = class .. ":" .. name,
          class = class,
          make = make,
          f = make()[name],
        }, functions[name])
      end
    end
  end
end)

-- A Timer's are fields of a table, as any that a user sets.
describe("bad values for", function()
  for _, class in ipairs(keys(arguments.makers)) do
    for _, field in ipairs(types.classes[class].fields) do
      if class ~= "threading.Timer" then
        spec_parameter({
          name = class .. "." .. field.name,
          class = class,
          make = arguments.makers[class],
          params = { { name = field.name, type = field.type } },
          f = function(self, value)
            self[field.name] = value
          end,
        }, 1, {
          name = field.name,
          type = field.read_only and "never"
            or field.text:find "number" and "string|number" or field.type,
        })
      end
    end
  end
end)

-- What stands before the colon. The error names it, or the class.
describe("bad self for", function()
  for _, class in ipairs(keys(arguments.makers)) do
    local constructor = rawget(threading, class:match "%w+$")
    local is_lua = type(constructor) == "table"
    for _, name in ipairs(keys(types.classes[class].functions)) do
      it(class .. ":" .. name, function()
        local target = {
          params = types.classes[class].functions[name].params,
        }
        local args, n = arguments_of(target, 0)
        local f = is_lua and constructor[name]
          or arguments.makers[class]()[name]
        local word = class:match "%w+$" .. (is_lua and "|Thread|self" or "")
        -- Any table can be made a thread: that is what init is for.
        local kind = name == "init" and class .. "|table" or class
        support.in_thread(arguments.each_bad, kind, false,
          function(value, shown)
            refuses(word, "of " .. shown, value, f, value,
              table.unpack(args, 1, n))
          end)
      end)
    end
  end
end)

describe("misuse:", function()
  local lock = threading.Lock()
  local rlock, condition = threading.RLock(), threading.Condition(lock)
  local bounded = threading.BoundedSemaphore()
  local broken = threading.Barrier(2)
  broken:abort()
  local unstarted = threading.Thread { name = "unstarted" }
  local int = threading.Value "int64"

  local function all_states()
    return table.concat({
      state_of(lock), state_of(rlock), state_of(condition), state_of(bounded),
      state_of(broken), state_of(unstarted), state_of(int),
    }, "\n")
  end

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
    { "release of an RLock that is not held",
      "cannot release un-acquired lock", function()
        rlock:release()
      end },
    { "release of another thread's RLock", "cannot release un-acquired lock",
      function()
        local held = threading.RLock()
        support.in_thread(held.acquire, held)
        held:release()
      end },
    { "wait without the lock", "cannot wait on un-acquired lock", function()
      condition:wait(0)
    end },
    { "wait_for without the lock", "cannot wait on un-acquired lock",
      function()
        condition:wait_for(nothing, 0)
      end },
    { "notify without the lock", "cannot notify on un-acquired lock",
      function()
        condition:notify()
      end },
    { "notify_all without the lock", "cannot notify on un-acquired lock",
      function()
        condition:notify_all()
      end },
    { "release of a free Condition", "release unlocked lock", function()
      condition:release()
    end },
    { "one release too many", "Semaphore released too many times", function()
      bounded:release()
    end },
    { "a timeout for a try of a semaphore",
      "can't specify timeout for non-blocking acquire", function()
        bounded:acquire(false, 1)
      end },
    { "wait at a broken barrier", "broken barrier", function()
      broken:wait()
    end },
    { "a negative semaphore", "semaphore initial value must be >= 0",
      function()
        threading.Semaphore(-1)
      end },
    { "dump_on_signal in another thread",
      "dump_on_signal works in the main thread only", function()
        support.in_thread(function()
          threading.dump_on_signal "USR1"
        end)
      end },
    { "arguments for a Local without init",
      "Initialization arguments are not supported", function()
        threading.Local(1)
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
    { "a dot in the place of the colon", "Thread expected, got nil); use",
      function()
        unstarted.start()
      end },
    { "a Value of a wrong type", "value", function()
      int.value = "x"
    end },
  }
  for _, case in ipairs(cases) do
    local what, text, call = table.unpack(case)
    it(what, function()
      local before = all_states()
      local _, message = pcall(call)
      assert.matches(text, tostring(message), 1, true)
      assert.matches("^%S*badinput_spec%.lua:%d+: ", message)
      assert.equal(before, all_states())
    end)
  end
end)

-- In a child, for what it finds is a crash. What waits for ever there is told
-- as a deadlock; what ends the program, or runs for ever in C, is left out.
describe("any function with any arguments", function()
  it("raises or returns, and the process goes on", function()
    if support.is_instrumented "memcheck" then
      pending "it takes Valgrind too long; fuzz_spec.lua does the like"
      return
    end
    local out = support.output_of([[
      local _thread = require "threading._thread"
      local threading = require "threading"
      local makers = require("spec.support.arguments").makers
      local time = require "threading.time"
      local function nothing() end
      local pool = {
        false, true, 0, -1, 0.001, 0/0, math.huge, math.maxinteger,
        math.mininteger, "", "int64", {}, { 1 }, nothing,
        coroutine.create(nothing), io.stdout, _thread._handle(),
      }
      local list = { time.sleep, _thread.start_new_thread }
      local left_out = {
        shutdown = true, interrupt_main = true, dump = true, kernel = true,
        MPIPoolExecutor = true, -- whose processes do not end with a crash
        parallel_for = true, add_done_callback = true, -- tells errors
        connect = true, bind = true, setpeername = true, setsockname = true,
        settimeout = true, setfd = true, -- of sockets: then others wait
      }
      local function add(t)
        for name, f in pairs(t) do
          if type(f) == "function" and not left_out[name] then
            list[#list + 1] = f
          end
        end
      end
      add(threading)
      add(require "threading.futures")
      add(require "threading.queue")
      local methods = require "spec.support.finalisers".methods
      add(debug.getmetatable(_thread._handle()))
      add(methods(_thread._handle()))
      for class, make in pairs(makers) do
        local object = make()
        pool[#pool + 1] = object
        add(debug.getmetatable(object))
        add(methods(object) or {})
        add(type(rawget(threading, class:match "%w+$")) == "table"
          and rawget(threading, class:match "%w+$") or {})
      end
      io.stderr = { write = nothing } -- excepthook's, of threads that run on
      local calls = 0
      -- A sanitizer takes long: there, with each first value, every third.
      local step = require("spec.support").is_instrumented() and 3 or 1
      for _, f in ipairs(list) do
        for i = 0, #pool do
          for j = i % step, #pool, step do
            pcall(f, pool[i], pool[j])
            pcall(f, pool[i], true, pool[j])
            calls = calls + 2
          end
        end
        collectgarbage()
      end
      threading.setswitchinterval(0.005)
      threading.stack_size(0)
      local after = threading.Thread { target = print, args = { "goes on" } }
      after:start()
      after:join()
      assert(calls > 10000)
    ]])
    assert.equal("goes on\n", out)
  end)
end)
