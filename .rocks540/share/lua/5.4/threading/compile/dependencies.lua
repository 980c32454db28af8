-- What a function reads beside its arguments: upvalues, and fields of tables
-- that do not change; globals are fields of the upvalue _ENV.
--
-- A dependency is {kind = "upvalue", fn =, index =, name =} or {kind = "field",
-- of = dependency, name =}; fn is the Lua function that reads it.

local _thread = require "threading._thread"
local kinds_of = _thread._kind_of
local standard = require "threading.private.standard"
local debug, string = standard.debug, standard.string
local assert, error, ipairs, next = assert, error, ipairs, next
local rawget, setmetatable, type = rawget, setmetatable, type

-- Functions and tables of Lua's and ours, by what the translator calls them.
local known = {}

for name, value in next, { assert = assert, error = error, ipairs = ipairs,
  next = next, pairs = pairs, pcall = pcall, print = print, select = select,
  tonumber = tonumber, tostring = tostring, type = type,
  math = package.loaded.math, checkpoint = _thread.checkpoint } do
  known[value] = name
end

for name, value in next, standard.math do
  if type(value) == "function" then
    known[value] = "math." .. name
  end
end

local Reader = {}
Reader.__index = Reader

-- The number of an object in the list of anchors.
function Reader:anchor(object)
  local at = self.places[object]
  if not at then
    at = #self.anchors + 1
    self.anchors[at] = object
    self.places[object] = at
  end
  return at
end

-- What a dependency is read from, {from =, upvalue = | name =}; and the table
-- that has the field.
function Reader:place(dep)
  if dep.kind == "upvalue" then
    return { from = self:anchor(dep.fn), upvalue = dep.index }
  end
  local holder = self:node(dep.of).object
  return { from = self:anchor(holder), name = self:anchor(dep.name) }, holder
end

-- Dependencies are one if they are read from one place.
local function key_of(place)
  return string.format("%d %d %d", place.from, place.upvalue or 0,
    place.name or 0)
end

-- Its value, and whether the table has no such field.
local function value_of(dep, holder)
  if holder then
    return holder[dep.name], rawget(holder, dep.name) == nil
  end
  local _, value = debug.getupvalue(dep.fn, dep.index)
  return value
end

-- Reads a dependency: its guard; the function or table that it is, as `object`;
-- the dependency it is read through. Values are not held.
local function new_node(self, dep, guard, holder)
  local value, is_absent = value_of(dep, holder)
  local node = { guard = guard, parent = dep.of, is_absent = is_absent }
  guard.kind = kinds_of(value)
  if not guard.kind then
    guard.identity = self:anchor(value)
    node.object = value
  end
  return node
end

-- The node of a dependency. Each place is read once.
function Reader:node(dep)
  if not self.nodes[dep] then
    local guard, holder = self:place(dep)
    local key = key_of(guard)
    self.nodes[key] = self.nodes[key] or new_node(self, dep, guard, holder)
    self.nodes[dep] = self.nodes[key]
  end
  return self.nodes[dep]
end

-- What the translator wants to know of a dependency: its kind or, of functions
-- and tables, which one it is; and where it is read, as a `place`, which those
-- that are one have in common.
function Reader:resolve(dep)
  local node = self:node(dep)
  local value, kind = node.object, node.guard.kind
  if kind then
    return { kind = kind, place = node, is_absent = node.is_absent }
  end
  local fn = self.functions[value] or value
  if type(fn) == "function" then
    local native = debug.getinfo(fn, "S").what == "C"
    return { kind = "function", value = native and known[fn] or fn,
      itself = fn, native = native, place = node,
      is_absent = node.is_absent }
  end
  return { kind = type(value), value = value, name = known[value],
    place = node, is_absent = node.is_absent }
end

-- The kind that a version takes for granted; or nil, and the function or table.
function Reader:expected(dep)
  local node = self:node(dep)
  return node.guard.kind, node.object
end

local function add(reader, list, seen, dep)
  local node = reader:node(dep)
  if node.parent then
    add(reader, list, seen, node.parent)
  end
  if not seen[node] then
    seen[node] = true
    list[#list + 1] = node.guard
  end
end

-- The guards of the dependencies that a translation has listed, in its order.
function Reader:guards(deps)
  local list, seen = {}, {}
  for _, dep in ipairs(deps or {}) do
    add(self, list, seen, dep)
  end
  return list
end

local M = {}

-- A reader for one translation.
-- @tparam table functions compiled function -> the Lua function that it was
-- @treturn table `anchors` is a list of what guards refer to, by numbers
function M.reader(functions)
  return setmetatable({ anchors = {}, functions = functions, places = {},
    nodes = {} }, Reader)
end

return M
