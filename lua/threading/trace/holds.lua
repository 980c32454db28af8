-- What was held in a run: locks, how often they were taken, for how long and by
-- whom; and the global lock, by functions of C that kept it although others
-- asked for it.

local standard = require "threading.private.standard"
local tally = require "threading.trace.tally"
local math = standard.math
local ipairs, pairs, tostring = ipairs, pairs, tostring
local add, entry, sort = tally.add, tally.entry, tally.sort

local M = {}

-- Locks of one name, such as those that were made at one place, are one.
-- @tparam table trace as `events.read` returns it
-- @treturn table a list, those that were held longest first: `name`, `count`
-- (how often it was taken), `total`, `longest`, and `by`, a list of who held it
function M.locks(trace)
  local list = {}
  for _, lock in ipairs(trace.locks) do
    local it = entry(list, lock.name, { name = lock.name, count = 0, total = 0,
      longest = 0, by = {} })
    it.count = it.count + lock.taken
    for name, spans in pairs(lock.holders) do
      add(entry(it.by, name, { name = name }), spans)
      it.total = it.total + spans.total
      it.longest = math.max(it.longest, spans.longest)
    end
    sort(it.by)
  end
  return sort(list)
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
      local name = detail.name .. (place and " at " .. tostring(place) or "")
      add(entry(list, name, { name = name }), spans)
    end
  end
  return sort(list)
end

return M
