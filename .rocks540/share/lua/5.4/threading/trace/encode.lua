-- A run as the page's script reads it: JSON, most of which is numbers. Of times
-- it has what has passed since the one before.

local events = require "threading.trace.events"
local json = require "threading.trace.json"
local standard = require "threading.private.standard"
local string, table = standard.string, standard.table
local ipairs, next = ipairs, next

-- Gaps, lengths, kinds, and details: small numbers make a small page.
local function lane_text(lane)
  local list, n, at = {}, 0, 0
  local from, to, kind, detail = lane.from, lane.to, lane.kind, lane.detail
  for i = 1, #from do
    list[n + 1], list[n + 2] = from[i] - at, to[i] - from[i]
    list[n + 3], list[n + 4] = kind[i] > 0 and kind[i] - 1 or 0, detail[i] - 1
    n, at = n + 4, to[i]
  end
  return "[" .. table.concat(list, ",") .. "]"
end

local function list_text(list, text)
  local texts = {}
  for i, it in ipairs(list) do
    texts[i] = text(it)
  end
  return "[" .. table.concat(texts, ",\n") .. "]"
end

local function row_text(row)
  return string.format('{"name":%s,"pid":%s,"states":%s,"user":%s}',
    json.string(row.name), json.encode(row.pid), lane_text(row.states),
    list_text(row.user, lane_text))
end

local function detail_text(detail)
  return string.format('{"name":%s,"args":%s}', json.string(detail.name),
    next(detail.args) == nil and "{}" or json.encode(detail.args))
end

local function counter_text(counter)
  local list, at = {}, 0
  for i, time in ipairs(counter.time) do
    list[2 * i - 1], list[2 * i] = time - at, counter.value[i]
    at = time
  end
  return string.format('{"pid":%s,"name":%s,"points":[%s]}',
    json.encode(counter.pid), json.string(counter.name),
    table.concat(list, ","))
end

local function process_text(process)
  return string.format('{"pid":%s,"name":%s}', json.encode(process.pid),
    json.string(process.name))
end

local function arrows_text(arrows)
  local list, n, at = {}, 0, 0
  for _, it in ipairs(arrows) do
    list[n + 1] = it.cat == "lock" and 1 or 0
    list[n + 2], list[n + 3] = it.from.number - 1, it.left - at
    list[n + 4], list[n + 5] = it.to.number - 1, it.came - it.left
    n, at = n + 5, it.left
  end
  return "[" .. table.concat(list, ",") .. "]"
end

local function instants_text(instants)
  local list, n, at = {}, 0, 0
  for _, it in ipairs(instants) do
    list[n + 1], list[n + 2] = it.time - at, it.row.number - 1
    list[n + 3] = it.detail - 1
    n, at = n + 3, it.time
  end
  return "[" .. table.concat(list, ",") .. "]"
end

local function kind_text(id)
  return string.format('{"id":"%s","title":"%s"}', id, events.titles[id])
end

-- @tparam table trace as `events.read` returns it
-- @treturn string JSON
return function(trace)
  local parts = {
    string.format('{"length":%d,"count":%d', trace.length, trace.count),
    '"kinds":' .. list_text(events.kinds, kind_text),
    '"processes":' .. list_text(trace.processes, process_text),
    '"details":' .. list_text(trace.details, detail_text),
    '"counters":' .. list_text(trace.counters, counter_text),
    '"instants":' .. instants_text(trace.instants),
    '"arrows":' .. arrows_text(trace.arrows),
    '"rows":' .. list_text(trace.rows, row_text),
  }
  return table.concat(parts, ",\n") .. "}"
end
