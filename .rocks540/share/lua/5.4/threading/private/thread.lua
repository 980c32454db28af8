-- Thread objects and their class. What an object shows is in its handle, a
-- userdata of the C module's.

local _thread = require "threading._thread"
local check = require "threading.private.check"
local complain = require "threading.private.complain"
local excepthook = require "threading.private.excepthook"
local standard = require "threading.private.standard"
local tracehook = require "threading.private.tracehook"
local string, table = standard.string, standard.table
local getmetatable, pairs, rawget = getmetatable, pairs, rawget
local rawset, setmetatable, tostring = rawset, setmetatable, tostring
local type = type

local HANDLE <const> = _thread._key -- where an object keeps its handle
local NAME <const> = {} -- and a name that was given, which a handle cuts

local function handle_of(self)
  local handle = type(self) == "table" and rawget(self, HANDLE)
  if not handle then
    if type(self) ~= "table" then
      _thread._bad_self(self, "threading.Thread")
    end
    complain("Thread.init() was not called on this object; the 'init' of a "
      .. "derived class has to call `Thread.init(self, options)`")
  end
  return handle
end

local function set_handle(self, handle, name)
  rawset(self, HANDLE, handle)
  if name ~= rawget(self, NAME) then
    rawset(self, NAME, name)
  end
end

-- Fields that are computed: readers and writers. They are documented below,
-- with the class.

local get, set = {}, {}

function get.name(handle, self)
  return rawget(self, NAME) or handle:name()
end

function get.daemon(handle)
  return handle:daemon()
end

function get.ident(handle)
  if handle:phase() ~= "initial" then
    return handle:ident()
  end
end

function get.native_id(handle)
  return (handle:native_id())
end

function set.name(handle, value, self)
  if type(value) ~= "string" and type(value) ~= "number" then
    complain("name: string expected, got %s", type(value))
  end
  set_handle(self, handle, tostring(value))
  handle:set_name(value)
end

function set.daemon(handle, value)
  if type(value) ~= "boolean" then
    complain("daemon: boolean expected, got %s", type(value))
  end
  if handle:phase() ~= "initial" then
    complain "cannot set daemon status of active thread; set it before start()"
  end
  handle:set_daemon(value)
end

local function read_only(name)
  return function()
    complain("cannot set %s of a thread", name)
  end
end

set.ident = read_only "ident"
set.native_id = read_only "native_id"

--- A thread of the operating system. Any other field may be set on it.
-- @classmod threading.Thread
-- @usage
-- local threading = require "threading"
-- local t = threading.Thread {
--   name = "adder",
--   target = function(a, b)
--     print(threading.current_thread().name, a + b) --> adder 5
--   end,
--   args = { 2, 3 },
-- }
-- t:start()
-- t:join()
-- print(t:is_alive()) --> false
local Thread = { __name = "Thread" }

local function index(class)
  return function(self, key)
    local getter = get[key]
    if getter then
      return getter(handle_of(self), self)
    end
    return class[key]
  end
end

local function newindex(self, key, value)
  local setter = set[key]
  if setter then
    setter(handle_of(self), value, self)
  else
    rawset(self, key, value)
  end
end

local function to_string(self)
  local handle = handle_of(self)
  local words = { handle:phase() }
  if handle:daemon() then
    words[#words + 1] = "daemon"
  end
  words[#words + 1] = get.ident(handle)
  local class = getmetatable(self).class.__name
  return string.format("<%s(%s, %s)>", class, get.name(handle, self),
    table.concat(words, " "))
end

-- A class is a table of methods; `meta` is the metatable of its objects.
local metas = setmetatable({}, { __mode = "k" })

local function make_class(class, parent)
  local meta = {
    __index = index(class),
    __newindex = newindex,
    __tostring = to_string,
    __name = "threading." .. class.__name,
    class = class,
  }
  metas[class] = meta
  return setmetatable(class, {
    __index = parent,
    __call = function(cls, ...)
      local self = setmetatable({}, metas[cls])
      cls.init(self, ...)
      return self
    end,
  })
end

local known = {
  target = true, name = true, args = true, kwargs = true, daemon = true,
}

-- The arguments of a call: args, and behind them the table kwargs, if there is
-- one, as the keyword arguments of functions are given in Lua.
local function with_kwargs(args, kwargs)
  if kwargs == nil then
    return args
  end
  local n = args and (args.n or #args) or 0
  local all = { n = n + 1, [n + 1] = kwargs }
  return args and table.move(args, 1, n, 1, all) or all
end

local function check_options(options)
  options = check.options(options, known, "Thread",
    "Thread { target = print }")
  if options.target ~= nil then
    check.callable(options.target, "target", "Thread")
  end
  check.args(options.args, "args", "Thread")
  check.table(options.kwargs, "kwargs", "Thread")
  check.boolean(options.daemon, "daemon", "Thread")
  if options.name ~= nil then
    check.text(options.name, "name", "Thread")
  end
  return options
end

--- The name (string, may be set). The OS thread bears it too.
-- @field name

--- Is it a daemon, for which the end of the program does not wait? (boolean,
-- may be set before the start)
-- @field daemon

--- The number that identifies it (integer, read only), never used twice in a
-- process; nil before the start.
-- @field ident

--- The kernel's id (integer, read only); nil before the start.
-- @field native_id

--- Makes a thread; `Thread{...}` calls it. A derived class calls it from its
-- own `init`.
-- @tparam[opt] table options any of these:
--
-- - `target`: the function that the thread calls, or another callable value
-- - `name`: a string; by default Thread-1, Thread-2, …
-- - `args`: a list of arguments; its field `n` counts trailing nils
-- - `kwargs`: a table that is one argument more, behind these
-- - `daemon`: a boolean, by default the creator's
-- @raise if an option is unknown or of the wrong type
function Thread:init(options)
  if type(self) ~= "table" or self == Thread then
    complain("bad argument 'self' to 'init' (an object that is to be a thread "
      .. "expected, got %s); use `Thread.init(self, options)`",
      self == Thread and "the class" or type(self))
  end
  options = check_options(options)
  local name = options.name
  name = name ~= nil and name ~= "" and tostring(name) or nil
  set_handle(self, _thread._handle(name, options.daemon, options.target,
    with_kwargs(options.args, options.kwargs)), name)
end

--- Derives a class. Its objects are made by calling it, which calls `init`.
-- @tparam string name what `tostring` shows
-- @treturn table the class; define `init` and `run` in it
-- @raise if the name is not a string
function Thread:extend(name)
  check.class(metas[self], "Thread", "extend", self)
  if type(name) ~= "string" then
    check.bad("name", "extend", "string", name)
  end
  return make_class({ __name = name }, self)
end

--- What the thread does: calls the target. May be overridden, in a class or
-- in the object.
-- @raise what the target raises
function Thread:run()
  local target, args = handle_of(self):take()
  if target == nil then
    return
  elseif args then
    return target(table.unpack(args, 1, args.n or #args))
  end
  return target()
end

--- Starts it. `run` is called in a thread of the operating system.
-- @treturn Thread itself
-- @raise "threads can only be started once"; if the system refuses
-- @usage local t = threading.Thread { target = print, args = { 1 } }:start()
function Thread:start()
  handle_of(self):start(self, excepthook.on_error, excepthook.told,
    tracehook.begin())
  return self
end

--- Waits until it has ended.
-- @function Thread:join
-- @tparam[opt] number timeout seconds (below 0 is 0); without it for ever. Also
-- as a table: `{timeout = ...}`
-- @treturn boolean true when it has ended, false at the timeout
-- @raise "cannot join thread before it is started", "cannot join current
-- thread"; if the timeout is not valid; a deadlock, a cancellation
Thread.join = _thread._join

--- Is it started and not ended?
-- @function Thread:is_alive
-- @treturn boolean
Thread.is_alive = _thread._is_alive

local cancel_options = { asynchronous = true, message = true }

--- Asks it to end. It ends at its next cancellation point (any blocking call,
-- and `threading.checkpoint()`), by an error that closes to-be-closed
-- variables and that nothing is printed of. A `pcall` catches it as any other,
-- and the thread goes on; `threading.is_cancelled` knows it. A thread that has
-- not been started ends as soon as it is.
-- @param[opt] message any value; what the error object's `message` says, or a
-- table with `asynchronous = true` (and `message`): then also a thread that
-- only computes is reached, between any two instructions
-- @treturn boolean false if it has ended already
-- @raise if an option is unknown or of the wrong type
function Thread:cancel(message)
  local asynchronous = false
  if type(message) == "table" and getmetatable(message) == nil then
    check.options(message, cancel_options, "cancel")
    asynchronous, message = message.asynchronous, message.message
    check.boolean(asynchronous, "asynchronous", "cancel")
  end
  return handle_of(self):cancel(message, asynchronous)
end

-- Python's older names. Here they are functions that raise, for a program may
-- read any field of a thread, and before it has set it.
local renamed = {}
for old, new in pairs { isAlive = ":is_alive()", getName = ".name",
  setName = ".name = ...", isDaemon = ".daemon", setDaemon = ".daemon = ..." }
do
  renamed[old] = function()
    complain("a threading.Thread has no '%s'; use `t%s`", old, new)
  end
end

make_class(Thread, renamed)
_thread._public(Thread)

-- Makes an object of a class for a thread that lives already.
local function adopt(class, handle, name)
  local self = setmetatable({}, metas[class])
  set_handle(self, handle, name)
  return self
end

return { Thread = Thread, adopt = adopt, with_kwargs = with_kwargs }
