-- What was held in a run: locks, how often they were taken, for how long and by
-- whom; and the global lock, by functions of C that kept it although others
-- asked for it.

local standard = require "threading.private.standard"
local math, table = standard.math, standard.table
local ipairs, pairs, tostring = ipairs, pairs, tostring

local M = {}

local function by_total(a, b)
  if a.total ~= b.total then
    return a.total > b.total
  end
  return a.name < b.name
end

-- Adds to the entry of that name, which is made.
local function add(list, name, spans)
  local it = list[name]
  if not it then
    it = { name = name, count = 0, total = 0, longest = 0 }
    list[name] = it
    table.insert(list, it)
  end
  it.count, it.total = it.count + spans.count, it.total + spans.total
  it.longest = math.max(it.longest, spans.longest)
  return it
end

-- Locks of one name, such as those that were made at one place, are one.
-- @tparam table trace as `events.read` returns it
-- @treturn table a list, those that were held longest first: `name`, `count`
-- (how often it was taken), `total`, `longest`, and `by`, a list of who held it
function M.locks(trace)
  local list = {}
  for _, lock in ipairs(trace.locks) do
    local it = add(list, lock.name, { count = lock.taken, total = 0,
      longest = 0 })
    it.by = it.by or {}
    for name, spans in pairs(lock.holders) do
      add(it.by, name, spans)
      it.total = it.total + spans.total
      it.longest = math.max(it.longest, spans.longest)
    end
    table.sort(it.by, by_total)
  end
  table.sort(list, by_total)
  return list
end

-- @tparam table trace as `events.read` returns it
-- @treturn table a list of functions at their places: `name`, `count`, `total`,
-- `longest`
function M.keepers(trace)
  local list = {}
  for _, row in ipairs(trace.rows) do
    for number, spans in pairs(row.kept) do
      local detail = trace.details[number]
      local place = detail.args.at
      add(list, detail.name .. (place and " at " .. tostring(place) or ""),
        spans)
    end
  end
  table.sort(list, by_total)
  return list
end

return M
