-- What a run says in numbers: which locks and queues kept threads waiting, what
-- the global lock did, which functions ran without it, and what would help.

local events = require "threading.trace.events"
local holds = require "threading.trace.holds"
local standard = require "threading.private.standard"
local tally = require "threading.trace.tally"
local units = require "threading.trace.units"
local string, table = standard.string, standard.table
local ipairs, pairs, tostring = ipairs, pairs, tostring
local add, entry, sort = tally.add, tally.entry, tally.sort

local M = {}

-- "Worker-1 at bank.lua:31", of what there is.
local function who(name, place)
  if name and place then
    return string.format("%s at %s", tostring(name), tostring(place))
  end
  return tostring(name or place or "")
end

-- Calls fn(spans, detail, row) for what threads did of these kinds.
local function each(trace, kinds, fn)
  for _, row in ipairs(trace.rows) do
    for number, spans in pairs(row.spans) do
      if kinds[spans.kind] then
        fn(spans, trace.details[number], row)
      end
    end
  end
end

local waits <const> = { lock = true, wait = true, fd = true }

-- The objects that threads waited for; `by`: the threads that waited, and
-- `held`: those that held them meanwhile, with their places.
local function objects(trace)
  local list = {}
  each(trace, waits, function(spans, detail, row)
    local args = detail.args
    local name = tostring(args.object or detail.name)
    local it = entry(list, name, { name = name, kind = spans.kind, by = {},
      held = {} })
    add(it, spans)
    local by = who(row.name, args.at)
    add(entry(it.by, by, { name = by }), spans)
    if args.held_by then
      local held = who(args.held_by, args.held_at)
      add(entry(it.held, held, { name = held }), spans)
    end
  end)
  for _, it in ipairs(list) do
    sort(it.by)
    sort(it.held)
  end
  return sort(list)
end

local outside <const> = { c = true, kernel = true }

-- The functions that ran without the global lock.
local function functions(trace)
  local list = {}
  each(trace, outside, function(spans, detail)
    local name = tostring(detail.args.fn or detail.name)
    add(entry(list, spans.kind .. " " .. name, { name = name,
      kind = spans.kind, place = detail.args.at }), spans)
  end)
  return sort(list)
end

-- How long each thread did what.
local function threads(trace)
  local list = {}
  for i, row in ipairs(trace.rows) do
    local it = { name = row.name }
    for _, kind in ipairs(events.kinds) do
      it[kind] = 0
    end
    local lane = row.states
    for k = 1, #lane.from do
      local kind = events.kinds[lane.kind[k]]
      it[kind] = it[kind] + lane.to[k] - lane.from[k]
    end
    list[i] = it
  end
  return list
end

-- Where turns ended in which the lock was held.
local function add_place(places, spans, args)
  if spans.kind == "lua" and args.at then
    add(entry(places, args.at, { name = args.at }), spans)
  end
end

-- The global lock of each interpreter: how long it was taken, how often and how
-- long threads waited for it, and how many did on the average; `places`, where
-- turns with it ended, those that took longest first.
local function global_locks(trace, list)
  local locks = {}
  for _, process in ipairs(trace.processes) do
    local it = { name = process.name, busy = 0, count = 0, total = 0,
      longest = 0, places = {} }
    for i, row in ipairs(trace.rows) do
      if row.pid == process.pid then
        it.busy = it.busy + list[i].lua
        for number, spans in pairs(row.spans) do
          if spans.kind == "ready" then
            add(it, spans)
          end
          add_place(it.places, spans, trace.details[number].args)
        end
      end
    end
    sort(it.places)
    it.waiting = trace.length > 0 and it.total / trace.length or 0
    table.insert(locks, it)
  end
  return locks
end

-- `kept`: for how long one function of C kept it, at most.
local function advise_on_global(lock, length, kept)
  if lock.busy < 0.7 * length or lock.waiting < 0.5
      or kept > 0.5 * lock.busy then
    return nil
  end
  local place = lock.places[1]
  return string.format("The global lock of the %s was busy for %s of the "
    .. "time%s, and on the average %.1f threads were ready to run and waited "
    .. "for it: threads that compute in Lua share one core. Compiled "
    .. "functions, kernels, C without the lock, and interpreters use the "
    .. "others.",
    lock.name, units.share(lock.busy, length), place and string.format(
    " (%s in turns that ended at %s)", units.share(place.total, length),
    tostring(place.name)) or "", lock.waiting)
end

local function advise_on_keeper(it, length)
  if it.total < 0.05 * length then
    return nil
  end
  return string.format("%s kept the global lock for %s of the time, %s at "
    .. "most, although others asked for it: C code lets go of it by "
    .. "threading.h, other modules are called in an interpreter.", it.name,
    units.share(it.total, length), units.duration(it.longest))
end

local function advise_on_lock(it, length, waited)
  local by = it.by[1]
  if not by or not waited[it.name] or by.total < 0.2 * length then
    return nil
  end
  return string.format("%s held %s for %s of the time, %s at most, and others "
    .. "waited for it: do less while it is held.", by.name, it.name,
    units.share(by.total, length), units.duration(by.longest))
end

local function advise_on_object(it, length)
  if it.kind ~= "lock" or it.total < 0.05 * length then
    return nil
  end
  local held = it.held[1]
  return string.format("Threads waited %s for %s, %s at most%s. It is held for "
    .. "too long, or by too many: do less while it is held, or have more "
    .. "locks, each for a part.", units.duration(it.total), it.name,
    units.duration(it.longest), held and string.format(
    "; for %s of that time it was held by %s", units.share(held.total,
    it.total), held.name) or "")
end

local function advice(summary, length)
  local list, keeper = {}, summary.keepers[1]
  for _, lock in ipairs(summary.global) do
    table.insert(list, advise_on_global(lock, length, keeper and keeper.total
      or 0))
  end
  for _, it in ipairs(summary.keepers) do
    table.insert(list, advise_on_keeper(it, length))
  end
  local waited = {}
  for _, it in ipairs(summary.objects) do
    table.insert(list, advise_on_object(it, length))
    waited[it.name] = true
  end
  for _, it in ipairs(summary.locks) do
    table.insert(list, advise_on_lock(it, length, waited))
  end
  if #list == 0 then
    list[1] = "Nothing stands out: no lock kept threads waiting for long."
  end
  return list
end

-- The tables of a run.
-- @tparam table trace as `events.read` returns it
-- @treturn table `threads`, `global`, `objects`, `functions`, `locks`,
-- `keepers`, times in ns; `advice`, sentences
function M.of(trace)
  local list = threads(trace)
  local summary = { threads = list, global = global_locks(trace, list),
    objects = objects(trace), functions = functions(trace),
    locks = holds.locks(trace), keepers = holds.keepers(trace) }
  summary.advice = advice(summary, trace.length)
  return summary
end

return M
