--- Interpreters, after Python's `concurrent.interpreters`: Lua states with a
-- global lock of their own, in one process. Lua code runs on every core there.
--
-- What is given to another interpreter is copied, functions with their
-- upvalues; Locks, Events, Arrays and the like are shared.
-- @module threading.interpreters
-- @usage
-- local interpreters = require "threading.interpreters"
-- local i <close> = interpreters.create()
-- i:exec "words = {}"
-- print(i:call(math.max, 1, 2))

local _thread = require "threading._thread"
local check = require "threading.private.check"
local missing = require "threading.private.missing"
local error, pcall, type = error, pcall, type

require "threading" -- for threads, and the reports of their errors

local interpreters = {}

local known = { init = true }

--- Makes an interpreter. It has the standard library, and of its creator's
-- `package.path` and `cpath`, `package.preload`, searchers of modules, stack
-- size and switch interval. It is closed when no value refers to it any more,
-- or the program ends.
-- @tparam[opt] table options `init`: a function that is called there first, or
-- code that is run
-- @treturn Interpreter
-- @raise if an option is unknown or of the wrong type; what `init` raises; if
-- there is not enough memory
function interpreters.create(options)
  options = check.options(options, known, "create")
  local init = options.init
  local is_code = type(init) == "string"
  if init ~= nil and not is_code then
    check.callable(init, "init", "create")
  end
  local interpreter = _thread._interpreter()
  if init ~= nil then
    local ok, err = pcall(is_code and interpreter.exec or interpreter.call,
      interpreter, init)
    if not ok then
      interpreter:close()
      error(err, 0)
    end
  end
  return interpreter
end

--- All interpreters that are not closed, in the order of their creation.
-- @function list_all
-- @treturn {Interpreter,...}
interpreters.list_all = _thread._interpreters

--- The one that this code runs in.
-- @function get_current
-- @treturn Interpreter
interpreters.get_current = _thread._current_interpreter

--- The one that the program has begun with.
-- @function get_main
-- @treturn Interpreter
interpreters.get_main = _thread._main_interpreter

--- Is this the error object of an `exec` that has failed? It has a field
-- `value`, what was raised, and `traceback`.
-- @function is_execution_failed
-- @param err any value
-- @treturn boolean
interpreters.is_execution_failed = _thread._is_execution_failed

--- Makes a queue, for threads of all interpreters: first in, first out. It has
-- the methods of `threading.interpreters.Queue`; an item is copied, or goes by
-- reference.
-- @function create_queue
-- @tparam[opt=0] integer maxsize how many items it holds at most; 0 or less
-- for no bound
-- @tparam[opt] table options `name`: what reports call it. Both may be given as
-- a table: `{maxsize = ..., name = ...}`
-- @treturn threading.interpreters.Queue
-- @raise if maxsize is not an integer, or an option is unknown
interpreters.create_queue = _thread._cross_queue

_thread._public(interpreters)

return missing.module(interpreters, "threading.interpreters")
