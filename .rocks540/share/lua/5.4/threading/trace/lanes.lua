-- Spans of one thread, side by side in time: spans that lie in others cut
-- these in pieces, so that at each time the innermost one is left.

local standard = require "threading.private.standard"
local table, math = standard.table, standard.math
local ipairs = ipairs

local M = {}

-- A lane: lists of the pieces' begins, ends (ns), kinds, and details.
function M.new()
  return { from = {}, to = {}, kind = {}, detail = {} }
end

function M.add(lane, from, to, kind, detail)
  local n = #lane.from + 1
  lane.from[n], lane.to[n] = from, to
  lane.kind[n], lane.detail[n] = kind, detail
end

local function is_sorted(lane)
  local from, to = lane.from, lane.to
  for i = 2, #from do
    if from[i] < from[i - 1] or from[i] == from[i - 1] and to[i] > to[i - 1]
    then
      return false
    end
  end
  return true
end

-- Pieces by their begin; of those that begin together the longest is first.
local function sorted(lane)
  if is_sorted(lane) then
    return lane
  end
  local from, to, order = lane.from, lane.to, {}
  for i = 1, #from do
    order[i] = i
  end
  table.sort(order, function(i, j)
    if from[i] ~= from[j] then
      return from[i] < from[j]
    elseif to[i] ~= to[j] then
      return to[i] > to[j]
    end
    return i < j
  end)
  local result = M.new()
  for _, i in ipairs(order) do
    M.add(result, from[i], to[i], lane.kind[i], lane.detail[i])
  end
  return result
end

-- The lane in which no piece covers another.
function M.flat(lane)
  lane = sorted(lane)
  local result, open, depth, at = M.new(), {}, 0, 0
  local from, to = lane.from, lane.to
  -- What is left of the innermost open span until then.
  local function cut(time)
    local i = open[depth]
    if at < time then
      M.add(result, at, time, lane.kind[i], lane.detail[i])
      at = time
    end
  end
  local function close(time)
    while depth > 0 and to[open[depth]] <= time do
      cut(to[open[depth]])
      depth = depth - 1
    end
  end
  for i = 1, #from do
    close(from[i])
    if depth > 0 then
      cut(from[i])
    end
    depth = depth + 1
    open[depth], at = i, from[i]
  end
  close(math.maxinteger)
  return result
end

-- Lanes one above the other: a span that lies in others is below them.
function M.stacked(lane)
  lane = sorted(lane)
  local lanes, ends = {}, {}
  for i = 1, #lane.from do
    local depth = 1
    while ends[depth] and ends[depth] > lane.from[i] do
      depth = depth + 1
    end
    lanes[depth], ends[depth] = lanes[depth] or M.new(), lane.to[i]
    M.add(lanes[depth], lane.from[i], lane.to[i], lane.kind[i], lane.detail[i])
  end
  return lanes
end

return M
