-- A Lua function, and those that it calls, as one C file for given kinds of
-- arguments.
--
-- Functions are specialised to the kinds of their arguments. The kinds of
-- their results are found by repeating until none is new.

local bytecode = require "threading.compile.bytecode"
local closures = require "threading.compile.closures"
local functions = require "threading.compile.function"
local graph = require "threading.compile.graph"
local listing = require "threading.compile.listing"
local sites = require "threading.compile.sites"
local standard = require "threading.private.standard"
local types = require "threading.compile.types"
local math, string, table = standard.math, standard.string, standard.table
local error, ipairs = error, ipairs
local pcall, setmetatable = pcall, setmetatable
local tonumber, type = tonumber, type

local MAX_SPECS <const> = 200
local MAX_OUT <const> = 32
local MAX_RESULTS <const> = 256 -- lists of kinds of a function's results

local Unit = {}
Unit.__index = Unit

-- @raise what cannot be compiled, where, and what to write instead
function Unit.refuse(_, proto, pc, what, instead)
  error(string.format("%s: cannot compile: %s (%s)", sites.place_of(proto, pc),
    what, instead), 0)
end

-- Sites ----------------------------------------------------------------------

function Unit:add_site(site)
  local number = self.site_count
  self.sites[number] = site
  self.site_count = number + 1
  return number
end

-- Objects: what is known when the code is made -------------------------------

-- @treturn string its kind
function Unit:add_object(object)
  local key = object.value
  if object.kind == "string" then
    key = "string " .. key
  end
  local known = self.object_kinds[key]
  if not known then
    self.objects[#self.objects + 1] = object
    known = "@" .. #self.objects
    self.object_kinds[key] = known
  end
  return known
end

function Unit:object(kind)
  if kind and types.is_object(kind) then
    return self.objects[tonumber(string.sub(kind, 2))]
  end
end

local function inside() end

local EXAMPLES <const> = { i = { 1 }, f = { 1.5 }, b = { true } }
local MADE <const> = { ["ipairs.next"] = ipairs {} } -- not by the program

-- A value of a kind, for the site of an error.
function Unit:example(kind)
  local object = self:object(kind)
  if not object then
    return EXAMPLES[kind]
  elseif object.kind == "table" then
    return { {} }
  elseif object.method then
    return { method = object.method } -- of operand a
  elseif object.parent then
    return { inside }
  elseif object.itself then
    return { object.itself }
  elseif object.kind == "function" and type(object.value) == "string" then
    return { MADE[object.value] }
  end
  return { object.value }
end

-- Dependencies ---------------------------------------------------------------

local function key_of(dependency)
  if dependency.kind == "field" then
    return key_of(dependency.of) .. "." .. dependency.name
  end
  return string.format("%s %p %s %s", dependency.kind, dependency.fn,
    dependency.index, dependency.name)
end

local function known_object(resolved, dependency)
  local object = { kind = resolved.kind, dependency = dependency,
    value = resolved.value or resolved.name, itself = resolved.itself }
  if resolved.kind == "function" and type(object.value) == "function" then
    local ok, dump = pcall(string.dump, object.value)
    object.proto = ok and bytecode.read(dump) or nil
    object.dependency = nil -- the same function by any name
  end
  return object
end

local function add_dependency(self, dependency, resolved)
  self.deps[#self.deps + 1] = dependency
  if not types.is_value(resolved.kind) then
    return { kind = self:add_object(known_object(resolved, dependency)) }
  end
  self.inputs = self.inputs + 1
  return { kind = resolved.kind, index = self.inputs - 1 }
end

-- What an outer value is: its kind, its index in run->in, and whether the table
-- that it is read from lacks it, so that it is nil or a metatable's.
function Unit:depend(dependency)
  local key = key_of(dependency)
  local known = self.dependencies[key]
  if not known then
    local resolved = self.resolve(dependency)
    known = resolved.place and self.places[resolved.place]
      or add_dependency(self, dependency, resolved)
    known.is_absent = resolved.is_absent
    self.dependencies[key] = known
    if resolved.place then
      self.places[resolved.place] = known
    end
  end
  return known.kind, known.index, known.is_absent
end

-- Specialisations ------------------------------------------------------------

-- What the specialisations of a function have in common.
function Unit:of_object(object)
  if not object.of then
    self.functions = self.functions + 1
    object.of = { id = self.functions, fn = object.value, proto = object.proto,
      parent = object.parent }
  end
  return object.of
end

local function compile(self, spec)
  spec.pass = self.pass
  functions.compile(self, spec)
  self.labels = self.labels + spec.labels
end

-- The kinds of what a function is passed, its registers for them, and the name
-- of both.
local function inputs_of(proto, values, cells)
  local kinds, registers = {}, {}
  for n, value in ipairs(values) do
    local cell = cells[n - proto.params]
    kinds[n], registers[n] = value.kind, cell and cell.number or n - 1
  end
  return kinds, registers, table.concat(kinds, ",") .. " "
    .. table.concat(registers, ",", proto.params + 1)
end

-- The specialisation of a function.
-- @tparam table object
-- @tparam table values for each parameter, and each cell
-- @tparam table cells those that it may reach
-- @tparam[opt] table caller
function Unit:specialise(object, values, cells, caller)
  local proto = object.proto
  if proto.vararg then
    self:refuse(proto, 1, "variable arguments", "name the parameters")
  end
  local of = self:of_object(object)
  local kinds, registers, name = inputs_of(proto, values, cells)
  local key = of.id .. " " .. name
  local spec = self.specs[key]
  if not spec then
    if #self.order >= MAX_SPECS then
      self:refuse(caller and caller.proto or proto, caller and caller.pc or 1,
        "more than " .. MAX_SPECS .. " combinations of functions and types",
        "call with arguments of fewer types")
    end
    spec = { proto = proto, kinds = kinds, registers = registers, of = of,
      cells = cells, written = closures.written(cells), results = {},
      result_keys = {}, name = "fn" .. #self.order + 1 }
    self.specs[key] = spec
    self.order[#self.order + 1] = spec
  end
  if spec.pass ~= self.pass then
    compile(self, spec)
  end
  return spec
end

-- The number of a list of kinds of results, which C returns.
function Unit:result_number(kinds)
  local key = table.concat(kinds, ",")
  local number = self.result_numbers[key]
  if not number then
    number = self.result_count
    self.result_count = number + 1
    self.result_numbers[key] = number
  end
  return number
end

-- Notes a call: its caller and what is called are specialisations.
function Unit:add_call(from, to, is_tail)
  if self.graph:add(from, to, is_tail) then
    self.changed = true -- what was emitted did not know of it
  end
end

-- Notes a way out of a function: its number, and whether C returns the value.
-- A recursion that returns more at each step has no end of kinds of results.
local function check_result(self, spec, kinds)
  if #kinds > MAX_OUT then
    self:refuse(spec.proto, 1, "more than 32 results", "return fewer")
  elseif #spec.results >= MAX_RESULTS then
    self:refuse(spec.proto, 1, "too many combinations of types of results",
      "return fewer, or keep each to one type")
  end
end

function Unit:add_result(spec, kinds)
  local key = table.concat(kinds, ",")
  if not spec.result_keys[key] then
    check_result(self, spec, kinds)
    spec.results[#spec.results + 1] = kinds
    spec.result_keys[key] = true
    self.changed = true
  end
  return self:result_number(kinds), self:is_single(spec)
end

function Unit.is_single(_, spec)
  return #spec.results == 1 and #spec.results[1] <= 1
end

function Unit.widest(_, spec)
  local widest = 1
  for _, kinds in ipairs(spec.results) do
    widest = math.max(widest, #kinds)
  end
  return widest
end

-- The whole ------------------------------------------------------------------

local function check_results(self, spec)
  for _, kinds in ipairs(spec.results) do
    for _, kind in ipairs(kinds) do
      local object = self:object(kind)
      if object then
        self:refuse(spec.proto, #spec.proto.code, "a " .. object.kind
          .. " as a result", "return numbers, booleans or Arrays")
      end
    end
  end
end

local function values_of(kinds)
  local list = {}
  for kind in string.gmatch(kinds, ".") do
    list[#list + 1] = { kind = kind }
  end
  return list
end

-- Repeats until no function has a new kind of result.
local function settle(self, object, kinds)
  local entry
  repeat
    self.changed, self.pass = false, self.pass + 1
    self.sites, self.site_count, self.labels = {}, 0, 0
    entry = self:specialise(object, values_of(kinds), {})
  until not self.changed
  return entry
end

-- Translates a function.
-- @tparam func fn
-- @tparam string kinds one character for each argument
-- @tparam func resolve dependency -> {kind =, value =, name =}
-- @treturn table c, results, sites, deps, versions, leaps
-- @raise what cannot be compiled
local function translate(fn, kinds, resolve)
  local proto = bytecode.read(string.dump(fn))
  if not proto then
    error("cannot compile: this Lua's bytecode is not known (use Lua 5.4 or "
      .. "5.5 with its usual numbers)", 0)
  end
  local self = setmetatable({ resolve = resolve, specs = {}, order = {},
    objects = {}, object_kinds = {}, dependencies = {}, places = {}, deps = {},
    inputs = #kinds, functions = 0, pass = 0, result_numbers = {},
    result_count = 0, graph = graph(), cells = {}, cell_count = 0 }, Unit)
  local object = { kind = "function", value = fn, proto = proto }
  self:add_object(object)
  local entry = settle(self, object, kinds)
  check_results(self, entry)
  local results = {}
  for n, list in ipairs(entry.results) do
    results[n] = table.concat(list)
  end
  local c, leaps = listing.write(self, entry)
  return { c = c, results = results, sites = self.sites, deps = self.deps,
    versions = self.labels, leaps = leaps }
end

return translate
