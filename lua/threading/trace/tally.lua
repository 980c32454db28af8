-- Lists of what was counted: of each entry how often, how long in all, and how
-- long at most.

local standard = require "threading.private.standard"
local math, table = standard.math, standard.table
local tostring = tostring

local tally = {}

-- The entry of this key in a list; where there is none, `new` is added.
function tally.entry(list, key, new)
  local it = list[key]
  if not it then
    it = new
    list[key] = it
    table.insert(list, it)
  end
  return it
end

function tally.add(it, spans)
  it.count, it.total = (it.count or 0) + spans.count,
    (it.total or 0) + spans.total
  it.longest = math.max(it.longest or 0, spans.longest)
end

local function by_total(a, b)
  if a.total ~= b.total then
    return a.total > b.total
  end
  return tostring(a.name) < tostring(b.name)
end

-- Sorts a list: what took longest first.
function tally.sort(list)
  table.sort(list, by_total)
  return list
end

return tally
