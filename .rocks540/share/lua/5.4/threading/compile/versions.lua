-- The versions of a compiled function, one for each combination of types that
-- it was called with: found in the records, or translated; built; told to the C
-- side. One thread at a time makes them.

local _thread = require "threading._thread"
local builder = require "threading.compile.build"
local complain = require "threading.private.complain"
local dependencies = require "threading.compile.dependencies"
local standard = require "threading.private.standard"
local twins = require "threading.compile.twins"
local table = standard.table
local require, setmetatable = require, setmetatable

local M = {}

-- Weak: compiled function -> its Lua function.
local functions = setmetatable({}, { __mode = "k" })

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

-- What there is of a function: {fn =, options =, anchors =, process =, lock =,
-- made = how many versions, versions = {{kinds =, c =, ...}}}.
function M.state(fn, options)
  local state = { fn = fn, options = options, anchors = {}, versions = {},
    made = 0 }
  turn(state) -- before there is a second thread that needs it
  return state
end

-- Notes whose compiled function it is.
function M.own(object, fn)
  functions[object] = fn
end

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

-- The error of a site.
function M.error_of(state, number, site, ...)
  local sites = require "threading.compile.sites"
  return sites.text(sites_of(state, state.versions[number])[site], ...)
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

-- Makes the version for arguments of these kinds, unless another thread has
-- made it while this one waited for its turn.
function M.need(state, object, arguments)
  local _ <close> = turn(state):guard()
  if not _thread._has_version(object, arguments) then
    add_version(state, object, arguments)
  end
end

return M
