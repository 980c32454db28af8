-- Lua functions as C, for the types that they are called with, outside the
-- global lock.
--
-- The translator makes C of a function's bytecode, the kernels' compiler and
-- cache make code of that, and csrc/kernel/compiled.c calls it. Here a call of
-- new types is met: one thread at a time makes a function's versions.

local _thread = require "threading._thread"
local builder = require "threading.compile.build"
local check = require "threading.private.check"
local complain = require "threading.private.complain"
local dependencies = require "threading.compile.dependencies"
local kinds = require "threading.compile.kinds"
local read_options = require "threading.compile.options"
local standard = require "threading.private.standard"
local twins = require "threading.compile.twins"
local debug, string, table = standard.debug, standard.string, standard.table
local error, ipairs, require, select = error, ipairs, require, select
local setmetatable, type = setmetatable, type

local MAX_PARAMETERS <const> = select(2, _thread._compiled_contract())

-- Weak: compiled function -> its Lua function; and its state, which is
-- {fn =, options =, anchors =, process =, lock =, made = how many versions,
-- versions = {{kinds =, c =, ...}}}.
local functions = setmetatable({}, { __mode = "k" })
local states = setmetatable({}, { __mode = "k" })

-- Versions ------------------------------------------------------------------

-- The translator is loaded by the first program that needs it.
local function translate(fn, arguments, resolve)
  return require "threading.compile.translate" (fn, arguments, resolve)
end

-- The sites of a version: no record has them.
local function sites_of(state, version)
  if not version.sites then
    local made = translate(state.fn, version.kinds, version.resolve)
    version.sites = made.c == version.c and made.sites
  end
  return version.sites or complain("the translator has made other code of a "
    .. "function than another time: please report it")
end

local function error_of(state, version, site, ...)
  local sites = require "threading.compile.sites"
  return sites.text(sites_of(state, version)[site], ...)
end

-- What a function becomes, from the records if they have it; and its handle.
local function make_code(state, arguments, resolve)
  local records = require "threading.compile.records"
  local fn, options = state.fn, state.options.c
  local made = records.find(fn, arguments, resolve)
  if made then
    return made, builder.build(made.c, options)
  end
  made = translate(fn, arguments, resolve)
  local handle = builder.build(made.c, options)
  records.keep(fn, arguments, resolve, made)
  return made, handle
end

-- Why a version was made, although there were others.
local function why(state, version)
  if #state.versions == 0 then
    return { "the first version" }
  end
  local reasons = require "threading.compile.reasons"
  return reasons.why(state.fn, version, state.versions)
end

local function new_version(state, arguments)
  local reader = dependencies.reader(functions)
  local function resolve(dep)
    return reader:resolve(dep)
  end
  local made, handle = make_code(state, arguments, resolve)
  state.made = state.made + 1
  local version = { kinds = arguments, c = made.c, sites = made.sites,
    results = made.results, blocks = made.versions, handle = handle,
    deps = made.deps, reader = reader, resolve = resolve,
    guards = reader:guards(made.deps), anchors = reader.anchors,
    leaps = made.leaps, age = state.made }
  version.why = why(state, version)
  return version
end

local function add(state, object, version)
  local base = #state.anchors
  table.move(version.anchors, 1, #version.anchors, base + 1, state.anchors)
  version.base = base
  _thread._add_version(object, version.handle, version.kinds,
    twins.moved(version.guards, base), version.leaps, state.versions, version)
end

local function replace(state, object, version, number)
  version.base = state.versions[number].base
  _thread._retarget_version(object, number, version.guards, version.anchors,
    version.base)
  state.versions[number] = version
end

local function add_version(state, object, arguments)
  local version = new_version(state, arguments)
  local number = twins.replaced(version, state.versions)
  if number then
    replace(state, object, version, number)
  else
    add(state, object, version)
  end
end

-- The lock of who makes versions. In the child of a fork it is a new one, for a
-- thread that is not there may hold the old one. (Two that meet there at once
-- may both make one: that costs time alone.)
local function turn(state)
  local process = _thread._main_handle():native_id()
  if state.process ~= process then
    state.process, state.lock = process, _thread.rlock()
  end
  return state.lock
end

-- Makes the version for arguments of these kinds, unless another thread has
-- made it while this one waited for its turn.
local function need(state, object, arguments)
  local _ <close> = turn(state):guard()
  if not _thread._has_version(object, arguments) then
    add_version(state, object, arguments)
  end
end

-- Methods -------------------------------------------------------------------

local methods = {}
_thread._compiled_methods(methods)

local function state_of(object, name)
  return object and states[object]
    or check.bad("self", name, "Compiled", object)
end

--- A Lua function that was compiled, see `threading.compile`. It is called like
-- a function, also as a thread's target, in a pool, by `parallel_for`.
-- @classmod threading.Compiled

--- The C of a version, to look at.
-- @function c
-- @tparam[opt] string ... the types of the arguments, as for `eager`; by
-- default of the version that was compiled last
-- @treturn string|nil nil: there is none
-- @raise if a type is unknown
function methods:c(...)
  local state, list = state_of(self, "c"), { ... }
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
  for i, version in ipairs(state_of(self, "versions").versions) do
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

local function make(fn, parameters, options)
  local state = { fn = fn, parameters = parameters, options = options,
    anchors = {}, versions = {}, made = 0 }
  turn(state) -- before there is a second thread that needs it
  local object
  object = _thread._compiled(parameters, state.anchors, function(arguments)
    need(state, object, arguments)
  end, function(number, site, ...)
    error(error_of(state, state.versions[number], site, ...), 0)
  end)
  functions[object], states[object] = fn, state
  return object, state
end

-- See threading/init.lua.
local function compile(fn, options)
  local parameters = check_function(fn)
  options = read_options.read(options, parameters)
  if not builder.check_compiler(options.c, options.fallback) then
    return fn
  end
  local object, state = make(fn, parameters, options)
  for _, arguments in ipairs(options.eager) do
    need(state, object, arguments)
  end
  return object
end

return compile
