-- A lane on a few columns, of which each may stand for many pieces.

local standard = require "threading.private.standard"
local math = standard.math

-- How long each kind is between a and b, from piece i on; the number of pieces
-- that are there, and the kind that is longest.
local function shares(lane, i, a, b)
  local sums, count, longest = {}, 0, nil
  while i <= #lane.from and lane.from[i] < b do
    local kind = lane.kind[i]
    sums[kind] = (sums[kind] or 0) + math.min(b, lane.to[i])
      - math.max(a, lane.from[i])
    if not longest or sums[kind] > sums[longest] then
      longest = kind
    end
    count, i = count + 1, i + 1
  end
  return sums, count, longest
end

-- Kinds above each other: those with the lowest numbers are at the bottom.
local function stack(sums, kinds, step, paint)
  local low = 0
  for kind = 1, kinds do
    if sums[kind] then
      local high = low + sums[kind] / step
      paint(kind, low, high)
      low = high
    end
  end
end

-- Paints a lane.
-- @tparam table lane
-- @tparam integer kinds how many there are
-- @tparam number length of the lane, in ns
-- @tparam integer width how many columns there are
-- @tparam function paint is called with a kind, the first column, the one
-- after the last, the share of the height below it, the one up to its top, and
-- the piece, where it has these columns for itself
return function(lane, kinds, length, width, paint)
  local from, to, step = lane.from, lane.to, length / width
  local i, x = 1, 0
  while i <= #from and x < width do
    local a, b = x * step, (x + 1) * step
    if to[i] <= a then
      i = i + 1
    elseif from[i] >= b then
      x = math.max(x + 1, math.floor(from[i] / step))
    elseif from[i] <= a and to[i] >= b then
      local stop = math.max(x + 1, math.min(width, math.floor(to[i] / step)))
      paint(lane.kind[i], x, stop, 0, 1, i)
      x = stop
    else
      local sums, count, longest = shares(lane, i, a, b)
      if count < 3 then
        -- What follows a wide piece is seen apart from it.
        if from[i] >= a or to[i] - from[i] < 5 * step then
          paint(longest, x, x + 1, 0, 1)
        end
      else
        stack(sums, kinds, step, function(kind, low, high)
          paint(kind, x, x + 1, low, high)
        end)
      end
      x = x + 1
    end
  end
end
