-- Lua functions as C, for the types that they are called with, outside the
-- global lock.
--
-- The translator makes C of a function's bytecode, the kernels' compiler and
-- cache make code of that, and csrc/kernel/compiled.c calls it.

local _thread = require "threading._thread"
local builder = require "threading.compile.build"
local check = require "threading.private.check"
local complain = require "threading.private.complain"
local kinds = require "threading.compile.kinds"
local read_options = require "threading.compile.options"
local standard = require "threading.private.standard"
local versions = require "threading.compile.versions"
local debug, string, table = standard.debug, standard.string, standard.table
local error, ipairs, pairs, select = error, ipairs, pairs, select
local setmetatable, type = setmetatable, type

local MAX_PARAMETERS <const> = select(2, _thread._compiled_contract())

-- Weak: compiled function -> its state, see compile/versions.lua.
local states = setmetatable({}, { __mode = "k" })

-- Methods -------------------------------------------------------------------

local methods = {}
_thread._compiled_methods(methods)

local function state_of(object)
  return object and states[object]
    or _thread._bad_self(object, "threading.Compiled")
end

--- A Lua function that was compiled, see `threading.compile`. It is called like
-- a function, also as a thread's target, in a pool, by `parallel_for`.
-- @classmod threading.Compiled
-- @usage
-- local threading = require "threading"
-- local sum = threading.compile(function(n)
--   local sum = 0
--   for i = 1, n do
--     sum = sum + i
--   end
--   return sum
-- end)
--
-- print(sum(1000)) --> 500500
-- for _, version in ipairs(sum:versions()) do
--   print(version.types) --> integer
-- end

--- The C of a version, to look at.
-- @function c
-- @tparam[opt] string ... the types of the arguments, as for `eager`; by
-- default of the version that was compiled last
-- @treturn string|nil nil: there is none
-- @raise if a type is unknown
function methods:c(...)
  local state, list = state_of(self), { ... }
  if #list == 0 then
    local newest = state.versions[#state.versions]
    return newest and builder.source(newest.c)
  end
  local arguments = read_options.signature(list, state.parameters, "c")
  for i = #state.versions, 1, -1 do
    if state.versions[i].kinds == arguments then
      return builder.source(state.versions[i].c)
    end
  end
end

local function describe_results(results)
  local list = {}
  for i, result in ipairs(results or {}) do
    list[i] = kinds.describe(result)
  end
  table.sort(list)
  return list
end

--- What was compiled so far.
-- @function versions
-- @treturn {table,...} for each version `types`, of its arguments; `results`, a
-- list of the types that it can return; `blocks`, how many pieces of code it
-- has; `why`, a list of the arguments, upvalues and globals in which it differs
-- from the older version that is most like it
function methods:versions()
  local list = {}
  for i, version in ipairs(state_of(self).versions) do
    list[i] = { types = kinds.describe(version.kinds),
      results = describe_results(version.results),
      blocks = version.blocks,
      why = table.move(version.why, 1, #version.why, 1, {}) }
  end
  return list
end

-- Making one ----------------------------------------------------------------

local function place_of(info)
  return string.format("%s:%d", info.short_src, info.linedefined)
end

local function refuse(info, what, instead)
  error(string.format("%s: cannot compile: %s (%s)", place_of(info), what,
    instead), 0)
end

-- The number of parameters of a function that may be compiled.
local function check_function(fn)
  if type(fn) ~= "function" then
    check.bad("fn", "compile", "Lua function", fn)
  end
  local info = debug.getinfo(fn, "Su")
  if info.what == "C" then
    complain("bad argument '%s' to '%s' (%s expected, got %s)", "fn",
      "compile", "Lua function", "a C function")
  elseif info.isvararg then
    refuse(info, "varargs", "name each parameter, or pass an Array")
  elseif info.nparams > MAX_PARAMETERS then
    refuse(info, info.nparams .. " parameters", "pass an Array: there are at "
      .. "most " .. MAX_PARAMETERS)
  end
  return info.nparams
end

-- A function's options for another Lua state, as they are now: the caller may
-- change the table later. What is around the function is there only after it,
-- so nothing is built before its first call.
local function elsewhere(options)
  local copy = {}
  for name, value in pairs(options or {}) do
    copy[name] = value
  end
  copy.eager = nil
  return copy
end

local function make(fn, parameters, options, read)
  local state = versions.state(fn, read)
  state.elsewhere = elsewhere(options)
  state.parameters = parameters
  local object
  object = _thread._compiled(parameters, state.anchors, function(arguments)
    versions.need(state, object, arguments)
  end, function(number, site, ...)
    error(versions.error_of(state, number, site, ...), 0)
  end)
  versions.own(object, fn)
  states[object] = state
  return object, state
end

-- See threading/init.lua.
local function compile(fn, options)
  local parameters = check_function(fn)
  local read = read_options.read(options, parameters)
  if not builder.check_compiler(read.c, read.fallback) then
    return fn
  end
  local object, state = make(fn, parameters, options, read)
  for _, arguments in ipairs(read.eager) do
    versions.need(state, object, arguments)
  end
  return object
end

-- In another Lua state it is the same function, compiled there; the records
-- have what was translated, and the cache what was built.
_thread._made_by("threading.Compiled", function(object)
  local state = states[object]
  return "threading.compile", "", state.fn, state.elsewhere
end)

return compile
