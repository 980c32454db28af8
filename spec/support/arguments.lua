--- Good and bad arguments for the types of lua/threading/types.lua.

local _thread = require "threading._thread"
local futures = require "threading.futures"
local interpreters = require "threading.interpreters"
local queue = require "threading.queue"
local threading = require "threading"
local types = require "spec.support.types"

local arguments = {}

--- The type of the numbers in Values and Arrays, for now.
arguments.element = "int64"

local function nothing() end

--- Class -> makes an object of it, in a state in which no call waits.
local makers = {
  ["threading.Lock"] = threading.Lock,
  ["threading.RLock"] = threading.RLock,
  ["threading.RWLock"] = threading.RWLock,
  ["threading.Condition"] = function()
    return threading.Condition():guard()
  end,
  ["threading.Semaphore"] = threading.Semaphore,
  ["threading.Event"] = threading.Event,
  ["threading.Interpreter"] = interpreters.create,
  ["threading.Barrier"] = function()
    return threading.Barrier(1)
  end,
  ["threading.Future"] = function() -- done
    local pool <close> = futures.ThreadPoolExecutor()
    local f = pool:submit(nothing)
    f:cancel()
    return f
  end,
  ["threading.ThreadPoolExecutor"] = function()
    return futures.ThreadPoolExecutor()
  end,
  ["threading.Queue"] = function()
    local q = queue.Queue()
    q:put(7)
    q:task_done()
    return q
  end,
  ["threading.interpreters.Queue"] = function()
    local q = _thread._cross_queue()
    q:put(7)
    q:task_done()
    return q
  end,
  ["threading.SimpleQueue"] = function()
    local q = queue.SimpleQueue()
    q:put(7)
    return q
  end,
  ["threading.Value"] = function()
    return threading.Value(arguments.element, 7)
  end,
  ["threading.Array"] = function()
    return threading.Array(arguments.element, { 7, 7 })
  end,
  ["threading.Compiled"] = function()
    return threading.compile(nothing)
  end,
  ["threading.Thread"] = function()
    return threading.Thread { name = "unstarted" }
  end,
  ["threading.Timer"] = function()
    return threading.Timer(0, nothing)
  end,
  ["threading.Logger"] = function()
    return require("threading.log").getLogger "spec.support.arguments"
  end,
  ["threading.Local"] = function()
    return threading.Local()
  end,
}

--- threading.socket, nil where LuaSocket is missing; and the names that then
-- are not there.
arguments.socket = pcall(require, "socket") and require "threading.socket"
  or nil
arguments.missing = {}

local function closed_by_peer()
  local server <close> = assert(arguments.socket.bind("127.0.0.1", 0))
  local ip, port = server:getsockname()
  local client = assert(arguments.socket.connect(ip, port))
  server:accept():close()
  return client
end

local function without_timeout()
  local s = assert(arguments.socket.udp4())
  s:settimeout(0)
  return s
end

if arguments.socket then
  makers["threading.TCP"] = closed_by_peer
  makers["threading.UDP"] = without_timeout
else
  for _, name in ipairs { "socket", "TCP", "UDP" } do
    arguments.missing["threading." .. name] = true
  end
end

arguments.makers = makers

-- Stands for nil.
local NIL = {}

local pool = {
  NIL, true, false, "", "x", "1", "true", {}, { 5 }, nothing,
  setmetatable({}, { __name = "My.Object" }), coroutine.create(nothing),
  io.stdout, 0, 1, 1.5, 65, 4096, (1 << 20) + 1, 1 << 32, -1, -0.5, -2,
  0 / 0, math.huge, -math.huge, 2.0 ^ 63, 1e100, -1e100, math.mininteger,
  math.maxinteger, threading.TIMEOUT_MAX + 1,
}

local class_of = {} -- the pool's objects -> class
for class, make in pairs(makers) do
  local object = make()
  class_of[object] = class
  pool[#pool + 1] = object
end

-- Type -> does it accept this value?
local accepts = {}

local function within(least, most)
  return function(value)
    local n = math.type(value) and math.tointeger(value)
    return n ~= nil and n >= least and n <= most
  end
end

function accepts.any()
  return true
end

function accepts.never()
  return false
end

accepts["threading.item"] = accepts.any

accepts["threading.future_list"] = function(value)
  return type(value) == "table" and rawget(value, 1) == nil
end

accepts["threading.items"] = function(value)
  return type(value) == "table" or accepts["threading.callable"](value)
end

accepts["threading.luasocket"] = function(value)
  local class = class_of[value]
  return class == "threading.TCP" or class == "threading.UDP"
end

function accepts.boolean(value)
  return type(value) == "boolean"
end

function accepts.string(value)
  return type(value) == "string"
end

accepts["threading.name"] = function(value)
  return type(value) == "string" and value ~= ""
end

accepts["string[]"] = function(value)
  return type(value) == "table" and type(rawget(value, 1)) ~= "number"
end

function accepts.table(value)
  return type(value) == "table"
end

accepts.integer = within(math.mininteger, math.maxinteger)
accepts["threading.natural"] = within(0, math.maxinteger)
accepts["threading.positive"] = within(1, math.maxinteger)
accepts["threading.position"] = within(0, 3) -- of two elements
accepts["threading.argument_count"] = within(0, 999999)
accepts["threading.signum"] = within(1, 64)

accepts["threading.level"] = function(value)
  return math.type(value) ~= nil and math.tointeger(value) ~= nil
end

function accepts.number(value)
  return type(value) == "number"
end

local fits = {
  int8 = within(-128, 127),
  int64 = accepts.integer,
  float64 = accepts.number,
  float32 = function(value)
    return type(value) == "number"
      and not (math.abs(value) > 0x1.fffffep127 and math.abs(value) < math.huge)
  end,
}

accepts["threading.element"] = function(value)
  return fits[arguments.element](value)
end

accepts["threading.timeout"] = function(value)
  return type(value) == "number"
    and (value <= threading.TIMEOUT_MAX or value == math.huge)
end

accepts["threading.seconds"] = function(value)
  return accepts["threading.timeout"](value) and value >= 0
end

accepts["threading.patience"] = function(value)
  return accepts["threading.seconds"](value) and value > 0
end

accepts["threading.limit"] = function(value)
  return type(value) == "number" and value == value
end

accepts["threading.duration"] = function(value)
  return type(value) == "number" and value >= 0
end

accepts["threading.interval"] = function(value)
  return accepts["threading.patience"](value) and value < math.huge
end

accepts["threading.lock_timeout"] = function(value)
  return accepts["threading.seconds"](value) or value == -1
end

accepts["threading.stack_bytes"] = function(value)
  return value == 0
    or within(512 << 10, math.maxinteger)(value) and value % 4096 == 0
end

accepts["threading.descriptor"] = function(value)
  return within(0, 0x7fffffff)(value) or value == io.stdout
    or accepts["threading.luasocket"](value)
end

accepts["threading.file"] = function(value)
  return value == io.stdout
end

accepts["threading.format"] = function(value)
  return accepts["threading.natural"](value)
    or type(value) == "string" and value:find "^%*?[nlLa]" ~= nil
end

accepts["threading.callable"] = function(value)
  local meta = debug.getmetatable(value)
  return type(value) == "function" or meta ~= nil and meta.__call ~= nil
end

accepts["threading.lua_function"] = function(value)
  return type(value) == "function"
end

accepts["threading.hook"] = accepts["threading.lua_function"]

accepts["threading.Lockable"] = function(value)
  local class = types.classes[class_of[value]]
  return class ~= nil and class.functions.acquire ~= nil
end

accepts["threading.Writer"] = function(value)
  return value == io.stdout
end

--- Is it a table of named things, and not an object?
function arguments.is_plain(class)
  return types.classes[class] and not next(types.classes[class].functions)
    and not accepts[class]
end

local function accepts_word(word, value)
  local alias = types.aliases[word]
  if accepts[word] then
    return accepts[word](value)
  elseif alias then
    for _, name in ipairs(alias.values) do
      if value == name then
        return true
      end
    end
    return false
  elseif arguments.is_plain(word) then
    return type(value) == "table"
  end
  assert(types.classes[word], word)
  local class = class_of[value]
  return class == word or class and types.classes[class].parent == word
end

local function accepted(kind, value)
  if value == NIL then
    return kind == "any"
  end
  for word in kind:gmatch "[^|]+" do
    if accepts_word(word, value) then
      return true
    end
  end
  return false
end

arguments.accepted = accepted

--- A good value of this type.
function arguments.good(kind)
  if kind == "threading.number_type" then
    return arguments.element
  elseif kind == "threading.future_list" or kind == "table" then
    return {}
  elseif kind == "threading.Lockable" then
    return threading.Lock()
  elseif makers[kind] then
    return makers[kind]()
  elseif types.aliases[kind] and types.aliases[kind].values[1] then
    return types.aliases[kind].values[1]
  end
  for _, value in ipairs { true, 1, "x", nothing, io.stdout } do
    if accepted(kind, value) then
      return value
    end
  end
  return arguments.options(kind)
end

--- A table of options that has what it must have.
function arguments.options(class)
  local options = {}
  for _, field in ipairs(types.classes[class].fields) do
    if not field.optional then
      options[field.name] = arguments.good(field.type)
    end
  end
  return options
end

local function shown(value)
  return type(value) == "string" and ("%q"):format(value) or tostring(value)
end

--- Calls fn(value, text) with everything that the type does not accept.
function arguments.each_bad(kind, optional, fn)
  for _, value in ipairs(pool) do
    if not accepted(kind, value) and not (optional and value == NIL) then
      if value == NIL then
        value = nil
      end
      fn(value, shown(value))
    end
  end
end

return arguments
