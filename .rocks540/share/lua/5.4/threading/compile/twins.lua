-- Versions that differ only in which functions and tables they were made for:
-- their code is the same. A program that makes a table anew for each call would
-- have one more each time; the oldest of many is made over for the new one.

local ipairs, pairs = ipairs, pairs

local MOST <const> = 32

local M = {}

local function same_guards(a, b)
  if #a ~= #b then
    return false
  end
  for i, guard in ipairs(a) do
    for _, name in ipairs { "from", "upvalue", "name", "kind", "identity" } do
      if guard[name] ~= b[i][name] then
        return false
      end
    end
  end
  return true
end

-- The version that a new one takes the place of; nil: none.
-- @tparam table version {kinds =, handle =, guards =, anchors =, age =}
-- @tparam table versions those that are there
-- @treturn integer|nil its number
function M.replaced(version, versions)
  local count, oldest = 0, nil
  for number, other in ipairs(versions) do
    if other.kinds == version.kinds and other.handle == version.handle
      and #other.anchors == #version.anchors
      and same_guards(other.guards, version.guards) then
      count = count + 1
      if not oldest or other.age < versions[oldest].age then
        oldest = number
      end
    end
  end
  return count >= MOST and oldest or nil
end

-- Guards whose anchors stand behind `base` others.
function M.moved(guards, base)
  local list = {}
  for i, guard in ipairs(guards) do
    list[i] = {}
    for name, value in pairs(guard) do
      local is_anchor = name == "from" or name == "name" or name == "identity"
      list[i][name] = is_anchor and value + base or value
    end
  end
  return list
end

return M
