-- Thread objects, and the register of those that live.
--
-- `active` maps idents to Thread objects. A thread enters it when it is
-- started and leaves it before it counts as ended, so that a joined thread is
-- never in `enumerate`.

local _thread = require "threading._thread"
local complain = require "threading.complain"

local M = {}

local STATE = {} -- the key of a thread's own state in the object
local HANDLE <const> = _thread._key -- and of its handle, for the C side
local active = {} -- ident -> Thread; the C side takes out who ends
local threading -- the module, where the user may set excepthook

local counter = _thread.value("int64", 1)

local function next_name()
  return "Thread-" .. counter:fetch_add(1)
end

local function state_of(self)
  local state = type(self) == "table" and rawget(self, STATE)
  if not state then
    complain "Thread.init() was not called on this object"
  end
  return state
end

local function set_state(self, state)
  rawset(self, STATE, state)
  rawset(self, HANDLE, state.handle)
end

-- Fields that are computed: readers and writers. They are documented below,
-- with the class.

local get, set = {}, {}

function get.name(state)
  return state.name
end

function get.daemon(state)
  return state.daemon
end

function get.ident(state)
  if state.handle:phase() ~= "initial" then
    return state.handle:ident()
  end
end

function get.native_id(state)
  return (state.handle:native_id())
end

function set.name(state, value)
  if type(value) ~= "string" and type(value) ~= "number" then
    complain("name: string expected, got %s", type(value))
  end
  state.name = tostring(value)
  state.handle:set_name(state.name)
end

function set.daemon(state, value)
  if type(value) ~= "boolean" then
    complain("daemon: boolean expected, got %s", type(value))
  end
  if state.handle:phase() ~= "initial" then
    complain "cannot set daemon status of active thread"
  end
  state.daemon = value
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
local Thread = { __name = "Thread" }

local function index(class)
  return function(self, key)
    local getter = get[key]
    if getter then
      return getter(state_of(self))
    end
    return class[key]
  end
end

local function newindex(self, key, value)
  local setter = set[key]
  if setter then
    setter(state_of(self), value)
  else
    rawset(self, key, value)
  end
end

local function to_string(self)
  local state = state_of(self)
  local phase = state.handle:phase()
  local words = { phase }
  if state.daemon then
    words[#words + 1] = "daemon"
  end
  if phase ~= "initial" then
    words[#words + 1] = tostring(state.handle:ident())
  end
  local class = getmetatable(self).class.__name
  return ("<%s(%s, %s)>"):format(class, state.name, table.concat(words, " "))
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

local function callable(value)
  if type(value) == "function" then
    return true
  end
  local meta = getmetatable(value)
  return type(meta) == "table" and meta.__call ~= nil
end

local function expect(ok, name, expected, value)
  if not ok then
    complain("bad argument '%s' (%s expected, got %s)", name, expected,
      type(value))
  end
end

local function expect_args(args)
  expect(args == nil or type(args) == "table", "args", "table", args)
  local n = args and args.n
  expect(n == nil or math.type(n) == "integer" and n >= 0 and n < 1000000,
    "args.n", "a non-negative integer", n)
end

M.callable, M.expect, M.expect_args = callable, expect, expect_args

local known = { target = true, name = true, args = true, daemon = true }

local function check_options(options)
  expect(type(options) == "table", "options", "table", options)
  for key in pairs(options) do
    if not known[key] then
      complain("unexpected keyword argument '%s' to 'Thread'", tostring(key))
    end
  end
  local target, daemon = options.target, options.daemon
  expect(target == nil or callable(target), "target", "callable", target)
  expect_args(options.args)
  expect(daemon == nil or type(daemon) == "boolean", "daemon", "boolean",
    daemon)
  local name = options.name
  expect(name == nil or type(name) == "string" or type(name) == "number",
    "name", "string", name)
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
-- @tparam[opt] table options target (callable), name (string), args (table; `n`
-- counts trailing nils), daemon (boolean, by default the creator's)
-- @raise if an option is unknown or of the wrong type
function Thread:init(options)
  expect(type(self) == "table" and self ~= Thread, "self", "Thread", self)
  if options == nil then
    options = {}
  end
  check_options(options)
  local name = options.name
  if name == nil or name == "" then
    name = next_name()
  end
  local daemon = options.daemon
  if daemon == nil then
    daemon = M.current_thread().daemon
  end
  set_state(self, {
    handle = _thread._handle(),
    name = tostring(name),
    daemon = daemon,
    target = options.target,
    args = options.args,
  })
end

--- Derives a class. Its objects are made by calling it, which calls `init`.
-- @tparam string name what `tostring` shows
-- @treturn table the class; define `init` and `run` in it
-- @raise if the name is not a string
function Thread:extend(name)
  expect(metas[self], "self", "class Thread", self)
  if type(name) ~= "string" then
    complain("bad argument 'name' to 'extend' (string expected, got %s)",
      type(name))
  end
  return make_class({ __name = name }, self)
end

--- What the thread does: calls the target. May be overridden, in a class or
-- in the object.
-- @raise what the target raises
function Thread:run()
  local state = state_of(self)
  local target, args = state.target, state.args
  if target == nil then
    return
  end
  -- Held no longer than needed: the target may refer to this object.
  state.target, state.args = nil, nil
  if args then
    return target(table.unpack(args, 1, args.n or #args))
  end
  return target()
end

-- An error, as the message handler sees it; nil for a silent end.
local function on_error(value)
  if _thread._is_exit(value) then
    return value
  end
  local text = type(value) == "string" and value or nil
  if not text then
    local ok, s = pcall(tostring, value)
    text = ok and s or "(error object is a " .. type(value) .. " value)"
  end
  return { value = value, traceback = debug.traceback(text, 2) }
end

local function call_hook(args)
  local ok, err = xpcall(threading.excepthook, function(value)
    return debug.traceback(tostring(value), 2)
  end, args)
  if not ok and not _thread._is_exit(err) then
    io.stderr:write("Exception in threading.excepthook:\n", tostring(err),
      "\n")
    M.excepthook(args) -- nor shall the first error be lost
  end
end

-- Called in the thread, with what on_error has made of an uncaught error.
local function told(self, err)
  local state = self[STATE]
  state.target, state.args = nil, nil
  if type(err) ~= "table" then -- an error in on_error: no memory, no stack
    err = { value = err, traceback = tostring(err) }
  end
  err.thread = self
  call_hook(err)
end

--- Starts it. `run` is called in a thread of the operating system.
-- @raise "threads can only be started once"; if the system refuses
function Thread:start()
  local state = state_of(self)
  state.handle:start(active, state.name, state.daemon, self, on_error, told)
end

--- Waits until it has ended.
-- @function Thread:join
-- @tparam[opt] number timeout seconds, not negative; without it for ever
-- @treturn boolean true when it has ended, false at the timeout
-- @raise "cannot join thread before it is started", "cannot join current
-- thread"; if the timeout is not valid; a deadlock, a cancellation
Thread.join = _thread._join

--- Is it started and not ended?
-- @function Thread:is_alive
-- @treturn boolean
Thread.is_alive = _thread._is_alive

--- Asks it to end. It ends at its next cancellation point (any blocking call,
-- and `threading.checkpoint()`), by an error that closes to-be-closed
-- variables and that nothing is printed of. A thread that has not been
-- started ends as soon as it is.
-- @param[opt] message any value; what the error object's `message` says, or a
-- table with `asynchronous = true` (and `message`): then also a thread that
-- only computes is reached, between any two instructions
-- @treturn boolean false if it has ended already
-- @raise if an option is unknown or of the wrong type
function Thread:cancel(message)
  local asynchronous = false
  if type(message) == "table" and getmetatable(message) == nil then
    for key in pairs(message) do
      if key ~= "asynchronous" and key ~= "message" then
        complain("unexpected keyword argument '%s' to 'cancel'",
          tostring(key))
      end
    end
    asynchronous, message = message.asynchronous, message.message
    if asynchronous ~= nil and type(asynchronous) ~= "boolean" then
      complain("bad argument 'asynchronous' to 'cancel' (boolean expected, "
        .. "got %s)", type(asynchronous))
    end
  end
  return state_of(self).handle:cancel(message, asynchronous)
end

make_class(Thread)

local main = setmetatable({}, metas[Thread])
set_state(main, {
  handle = _thread._main_handle(),
  name = "MainThread",
  daemon = false,
})
active[main.ident] = main

-- A thread that was not started through Thread has an object from the first
-- time that it asks for it, and until it ends: `_locals` is dropped then. One
-- that C attaches asks at once.
local Dummy = make_class({ __name = "DummyThread" }, Thread)
local dummies = setmetatable({}, { __mode = "v" }) -- ident -> Dummy

function Dummy.join()
  complain "cannot join a dummy thread"
end

function M.current_thread()
  local ident = _thread.get_ident()
  local self = active[ident] or dummies[ident]
  if self then
    return self
  end
  local handle = _thread._self_handle()
  local name = handle:name()
  self = setmetatable({}, metas[Dummy])
  set_state(self, {
    handle = handle,
    name = name ~= "" and name or "Dummy-" .. ident,
    daemon = true,
  })
  dummies[ident] = self
  _thread._locals()[Dummy] = self
  return self
end

_thread._on_attach(function()
  M.current_thread()
end)

-- In the child of a fork, the thread that forked.
function M.main_thread()
  local ident = _thread._main_handle():ident()
  return active[ident] or dummies[ident] or main
end

-- After a fork the others are still in the register, but stopped.
local function is_live(t)
  return rawget(t, STATE).handle:phase() ~= "stopped"
end

function M.enumerate()
  local list = {}
  for _, register in ipairs { active, dummies } do
    for _, t in ipairs(_thread._values(register)) do
      if is_live(t) then
        list[#list + 1] = t
      end
    end
  end
  table.sort(list, function(a, b)
    return a.ident < b.ident
  end)
  return list
end

function M.active_count()
  return #M.enumerate()
end

function M.excepthook(args)
  if type(args) ~= "table" then
    complain("bad argument 'args' to 'excepthook' (table expected, got %s)",
      type(args))
  end
  local name = args.thread and args.thread.name or "?"
  io.stderr:write(("Exception in thread %s:\n%s\n"):format(name,
    args.traceback or tostring(args.value)))
end

-- Tells where excepthook is looked up.
function M.bind(module)
  threading = module
end

M.Thread = Thread

return M
