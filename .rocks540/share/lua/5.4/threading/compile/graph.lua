-- Which specialisations call which, as far as is known.
--
-- A call that is a tail call goes on from where it is made, as Lua's does, if
-- it may come back to its caller by tail calls alone: those that do form a
-- group, which is one C function. Other tail calls end after a few, and are
-- calls as any.

local standard = require "threading.private.standard"
local table = standard.table
local ipairs, setmetatable = ipairs, setmetatable

local Graph = {}
Graph.__index = Graph

local function append_new(lists, from, to)
  local list = lists[from] or {}
  lists[from] = list
  if list[to] then
    return false
  end
  list[to] = true
  list[#list + 1] = to
  return true
end

-- Notes a call.
-- @treturn boolean was it unknown?
function Graph:add(from, to, is_tail)
  return append_new(is_tail and self.tails or self.nested, from, to)
end

-- Does it call none that is compiled?
function Graph:is_leaf(spec)
  return not self.tails[spec] and not self.nested[spec]
end

-- Does it call itself, and not as a tail call?
function Graph:calls_itself(spec)
  local list = self.nested[spec]
  return list ~= nil and list[spec] == true
end

-- Is `to` reached from `from` by one or more tail calls?
local function reaches(self, from, to, seen)
  for _, spec in ipairs(self.tails[from] or {}) do
    if spec == to then
      return true
    elseif not seen[spec] then
      seen[spec] = true
      if reaches(self, spec, to, seen) then
        return true
      end
    end
  end
  return false
end

-- Is a tail call from `from` to `to` one within a group?
function Graph:comes_back(from, to)
  return reaches(self, to, from, {}) and reaches(self, from, to, {})
end

-- The group of a specialisation, in the order of a list; empty if it is in
-- none.
function Graph:group(spec, list)
  local group = {}
  for _, other in ipairs(list) do
    if self:comes_back(spec, other) then
      table.insert(group, other)
    end
  end
  return group
end

return function()
  return setmetatable({ tails = {}, nested = {} }, Graph)
end
