-- Names that people try, from other libraries and languages, or in another
-- spelling: an error says what the name is here. Other names that are missing
-- are nil, as in any table, so that programs may look whether there is one.

local _thread = require "threading._thread"
local complain = require "threading.private.complain"
local standard = require "threading.private.standard"
local string = standard.string
local ipairs, next, rawget, type = ipairs, next, rawget, type
local loaded = package.loaded

local guesses = {}

-- Names of what is in other modules.
guesses.places = {
  ["threading.futures"] = { "ALL_COMPLETED", "FIRST_COMPLETED",
    "FIRST_EXCEPTION", "InterpreterPoolExecutor", "ProcessPoolExecutor",
    "ThreadPoolExecutor", "as_completed", "is_broken_pool", "wait" },
  ["threading.interpreters"] = { "create_queue", "get_current", "get_main",
    "list_all" },
  ["threading.io"] = { "wait_fd" },
  ["threading.log"] = { "basicConfig", "getLogger" },
  ["threading.queue"] = { "LifoQueue", "PriorityQueue", "Queue",
    "SimpleQueue" },
  ["threading.time"] = { "monotonic", "perf_counter", "process_time", "sleep",
    "thread_time" },
}

-- Modules that are no fields.
guesses.modules = { "explore", "futures", "interpreters", "io", "log", "loops",
  "os", "queue", "socket", "ssl", "time", "trace" }

-- What is called otherwise here: guess -> what to write.
local START <const> = "threading.Thread { target = fn }:start()"
local QUEUE <const> = 'require "threading.queue".Queue'
local POOL <const> = 'require "threading.futures".ThreadPoolExecutor'
local CREATE <const> = 'require "threading.interpreters".create'
local others = {
  ["threading.interpreters"] = {
    interpreter = CREATE, new = CREATE, queue = CREATE .. "_queue",
  },
}
others.threading = {
  brokenbarriererror = "threading.is_broken_barrier",
  calledonce = "threading.once", callonce = "threading.once",
  class = "threading.extend", counter = 'threading.Value "int64"',
  finally = "threading.defer", readwritelock = "threading.RWLock",
  sharedmutex = "threading.RWLock", timeouterror = "threading.is_timeout",
  channel = QUEUE, mutex = "threading.Lock", new = START, newthread = START,
  pool = POOL, run = START, self = "threading.current_thread", spawn = START,
  start = START, startnew = START, startnewthread = START,
  threadpool = POOL, threads = "threading.enumerate",
  yield = 'require "threading.time".sleep(0)',
}

-- The same for methods: guess -> those that may be meant, of which the first
-- that the object has is told.
local meant = {
  add = { "put", "fetch_add" }, addcallback = { "add_done_callback" },
  append = { "put" }, apply = { "submit" }, applyasync = { "submit" },
  await = { "result", "wait" }, broadcast = { "notify_all" },
  cas = { "compare_exchange" }, close = { "shutdown" },
  compareandset = { "compare_exchange" },
  compareandswap = { "compare_exchange" }, count = { "qsize" },
  dequeue = { "get" }, down = { "acquire" }, enqueue = { "put" },
  enter = { "acquire" }, error = { "exception" }, eval = { "exec" },
  execute = { "exec", "submit" }, exit = { "release" },
  get = { "result", ".value" }, imap = { "map" }, inc = { "fetch_add" },
  increment = { "fetch_add" }, insert = { "put" }, leave = { "release" },
  len = { "qsize", "#" }, length = { "qsize", "#" }, load = { ".value" },
  lock = { "acquire" }, ondone = { "add_done_callback" },
  poll = { "get_nowait" }, pop = { "get" }, post = { "release" },
  pulse = { "notify" }, push = { "put" }, read = { ".value" },
  receive = { "get" }, recv = { "get" }, reset = { "clear" }, run = { "exec" },
  send = { "put" }, set = { ".value" }, signal = { "notify", "set", "release" },
  size = { "qsize", "#" }, store = { ".value" }, swap = { "exchange" },
  sync = { "wait" }, take = { "get", "acquire" },
  terminate = { "shutdown { cancel_futures = true }" },
  tryacquire = { "acquire(false)" }, tryget = { "get_nowait" },
  trylock = { "acquire(false)" }, tryput = { "put_nowait" },
  unlock = { "release" }, unset = { "clear" }, up = { "release" },
  wait = { "acquire", "result" }, wake = { "notify" },
  wakeall = { "notify_all" }, write = { ".value" },
}

-- The name in small letters, without "_".
local function plain(name)
  return (string.gsub(string.lower(name), "_", ""))
end

local function is_public(name)
  return type(name) == "string" and not string.find(name, "^_")
end

-- The name in a table that is spelt otherwise, or nothing.
local function respelt(list, name)
  for other in next, list do
    if is_public(other) and plain(other) == plain(name) then
      return other
    end
  end
end

local function is_in(list, name)
  for _, one in ipairs(list) do
    if one == name then
      return true
    end
  end
end

-- Where a name is, in other modules, as what to write; or nothing.
local function elsewhere(module_name, name)
  for place, names in next, guesses.places do
    if place ~= module_name and is_in(names, name) then
      return string.format('require "%s".%s', place, name)
    end
  end
  local threading = module_name ~= "threading" and loaded.threading
  if threading and rawget(threading, name) ~= nil then
    return "threading." .. name
  end
end

-- What a field of a module may have been meant to be, as what to write.
local function field_of(module, module_name, name)
  local here = respelt(module, name)
  if here then
    return module_name == "threading" and "threading." .. here
      or string.format('require "%s".%s', module_name, here)
  elseif module_name == "threading" and is_in(guesses.modules, name) then
    return string.format('a module of its own: require "threading.%s"', name)
  end
  return (others[module_name] or {})[plain(name)]
    or elsewhere(module_name, name)
end

-- A module lacks a field: returns nothing, or raises what is known about it.
-- @tparam table module
-- @tparam string module_name
-- @param name
function guesses.field(module, module_name, name)
  local it = is_public(name) and field_of(module, module_name, name)
  if it then
    complain("%s.%s: it is %s", module_name, name, it)
  end
end

local function exists(methods, one)
  local name = string.match(one, "^[%a_]+")
  return name and rawget(methods, name) ~= nil
    or one == ".value" and rawget(methods, "fetch_add") ~= nil
    or one == "#" and rawget(methods, "totable") ~= nil
end

-- A method of a name that is spelt otherwise, or one that may be meant.
local function method_of(methods, name)
  local other = respelt(methods, name)
    or respelt(methods, "is" .. name)
    or respelt(methods, (string.gsub(name, "^is_?", "")))
    or respelt(methods, (string.gsub(name, "_?lock$", "")))
  if other then
    return other
  end
  for _, one in ipairs(meant[plain(name)] or {}) do
    if exists(methods, one) then
      return one
    end
  end
end

local function usage(object, method)
  if method == "#" then
    return "#" .. object
  elseif method == ".value" then
    return object .. method
  end
  return string.format("%s:%s%s", object, method,
    string.find(method, "[({]") and "" or "()")
end

-- The same for a method of an object.
-- @tparam table methods those that the object has
-- @param name
-- @tparam[opt] string class its name, and
-- @tparam[opt] string object what a program may call it, where C does not know
function guesses.method(methods, name, class, object)
  local method = is_public(name) and method_of(methods, name)
  if not method then
    return
  elseif not class then
    class, object = _thread._class_of(methods)
  end
  if class then
    complain("a %s has no '%s'; use `%s`", class, name, usage(object, method))
  end
end

return guesses
