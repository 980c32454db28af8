-- Why a compiled function has as many versions as it has: in what a version
-- differs from an older one.
--
-- A version has `kinds`, of its arguments, and `deps`, which its `reader` has
-- read. `outer` is made of them here: {key =, name =, kind = of a value |
-- identity = the function or table}.

local kinds = require "threading.compile.kinds"
local standard = require "threading.private.standard"
local debug, string = standard.debug, standard.string
local ipairs, type = ipairs, type

local M = {}

local function place_of(fn)
  local info = debug.getinfo(fn, "S")
  return string.format("%s:%d", info.short_src, info.linedefined)
end

-- What a dependency is called, and a key that is the same in all versions.
local function name_of(dep)
  if dep.kind == "upvalue" then
    return string.format("upvalue '%s'", dep.name or "?"),
      string.format("%p %d", dep.fn, dep.index), dep.fn
  end
  local name, key, fn = name_of(dep.of)
  local path = dep.of.name == "_ENV" and dep.of.kind == "upvalue"
    and "global '" .. dep.name .. "'"
    or string.sub(name, 1, -2) .. "." .. dep.name .. "'"
  return path, key .. "." .. dep.name, fn
end

-- What a version has read outside.
local function outer_of(fn, version)
  if version.outer then
    return version.outer
  end
  local list = {}
  for i, dep in ipairs(version.deps) do
    local name, key, of = name_of(dep)
    if of ~= fn then
      name = string.format("%s of %s", name, place_of(of))
    end
    local kind, identity = version.reader:expected(dep)
    list[i] = { key = key, name = name, kind = kind, identity = identity }
  end
  version.outer = list
  return list
end

local function type_of(value)
  local metatable = type(value) == "userdata" and debug.getmetatable(value)
  return metatable and metatable.__name or type(value)
end

local function described(one)
  return one.kind and kinds.describe(one.kind) or type_of(one.identity)
end

local function add_arguments(list, fn, version, other)
  for n = 1, #version.kinds do
    local is, was = string.sub(version.kinds, n, n),
      string.sub(other.kinds, n, n)
    if is ~= was then
      list[#list + 1] = string.format("argument %d (%s): %s, was %s", n,
        debug.getlocal(fn, n) or "?", kinds.describe(is), kinds.describe(was))
    end
  end
end

local function change(one, other)
  if one.kind == other.kind and one.identity == other.identity then
    return nil
  end
  local is, was = described(one), described(other)
  if is == was then
    return string.format("%s: another %s", one.name, is)
  end
  return string.format("%s: %s, was %s", one.name, is, was)
end

local function add_outer(list, fn, version, other)
  local before = {}
  for _, one in ipairs(outer_of(fn, other)) do
    before[one.key] = one
  end
  for _, one in ipairs(outer_of(fn, version)) do
    if before[one.key] then
      list[#list + 1] = change(one, before[one.key])
    end
  end
end

-- Why a version was made, although there were others.
-- @tparam func fn the compiled function
-- @tparam table version
-- @tparam table versions those that were there: one at least
-- @treturn {string,...} in what it differs from the one that is most like it
function M.why(fn, version, versions)
  local best
  for i = #versions, 1, -1 do
    local list = {}
    add_arguments(list, fn, version, versions[i])
    add_outer(list, fn, version, versions[i])
    if not best or #list < #best then
      best = list
    end
  end
  return best
end

return M
