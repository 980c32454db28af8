-- Makes a schedule that fails small: few preemptions, then few switches.
--
-- What is tried is a list of segments, as a replay takes it; a thread that
-- cannot run is left out there, and what follows is the default. It is taken
-- where the program fails in the same way.

local deviations = require "threading.explore.deviations"
local standard = require "threading.private.standard"
local math, string, table = standard.math, standard.string, standard.table
local ipairs = ipairs

local MOST_REPLAYS <const> = 100
local MOST_SYSTEMATIC <const> = 200 -- schedules,
local MOST_PREEMPTIONS <const> = 2 -- and what they have

-- The place where an error says that it is.
local function place_of(failure)
  return failure.message and string.match(failure.message, "^[^\n]-:%d+:")
end

local function is_same(one, other)
  return other ~= nil and one.kind == other.kind
    and place_of(one) == place_of(other)
end

local function is_less(one, other)
  if one.preemptions ~= other.preemptions then
    return one.preemptions < other.preemptions
  end
  return one.switches < other.switches
end

-- What is known while one schedule is made small.
local function begin(run, found)
  local self = { best = found, segments = found.segments, replays = 0 }

  -- Runs a schedule, and keeps it where it fails in the same way and is
  -- smaller. Returns its result, whether it fails so, and whether it was kept.
  local function attempt(how)
    self.replays = self.replays + 1
    local result = run(how)
    local failed = is_same(found.failure, result.failure)
    local kept = failed and is_less(result, self.best)
    if kept then
      self.best, self.segments = result, result.segments
    end
    return result, failed, kept
  end

  -- Are these segments better? Then they are kept, as they are.
  function self.try(segments)
    if self.replays >= MOST_REPLAYS then
      return false
    end
    local _, _, kept = attempt { strategy = "replay", plan = segments }
    if kept then
      self.segments = segments
    end
    return kept
  end

  -- The same of a plan of deviations. Returns its alternatives, and whether it
  -- fails.
  function self.deviate(how)
    local result, failed = attempt(how)
    return result.alternatives, failed
  end

  return self
end

-- The segments without those from the first to the last.
local function without(segments, first, last)
  local rest = {}
  for i = 1, #segments do
    if i < 2 * first - 1 or i > 2 * last then
      rest[#rest + 1] = segments[i]
    end
  end
  return rest
end

-- What comes first may be enough.
local function shorten(it)
  local n, length = #it.segments // 2, 0
  while length < n do
    if it.try(without(it.segments, length + 1, n)) then
      return
    end
    length = math.max(1, 2 * length)
  end
end

local function append(list, thread, steps)
  if list[#list - 1] == thread then
    list[#list] = list[#list] + steps
  else
    list[#list + 1], list[#list + 2] = thread, steps
  end
end

-- The steps of each thread in a window, together: where its first ones are, or
-- (backward) where its last ones are.
local function gathered(segments, first, last, backward)
  local order, sums, result = {}, {}, {}
  for i = backward and last or first, backward and first or last,
    backward and -1 or 1 do
    local thread, steps = segments[2 * i - 1], segments[2 * i]
    if not sums[thread] then
      table.insert(order, backward and 1 or #order + 1, thread)
    end
    sums[thread] = (sums[thread] or 0) + steps
  end
  for i = 1, first - 1 do
    append(result, segments[2 * i - 1], segments[2 * i])
  end
  for _, thread in ipairs(order) do
    append(result, thread, sums[thread])
  end
  for i = last + 1, #segments // 2 do
    append(result, segments[2 * i - 1], segments[2 * i])
  end
  return result
end

-- Two changes of ever smaller pieces: a thread's steps come together, or are
-- left out.
local function reduce(it, smallest, change)
  local size = #it.segments // 2
  while size >= smallest do
    local first = 1
    while first + smallest - 1 <= #it.segments // 2 do
      local last = math.min(first + size - 1, #it.segments // 2)
      if not change(it.segments, first, last) then
        first = first + math.max(1, size // 2)
      end
    end
    size = size // 2
  end
end

local function merge(it)
  reduce(it, 3, function(segments, first, last)
    return it.try(gathered(segments, first, last, false))
      or it.try(gathered(segments, first, last, true))
  end)
end

local function thin(it)
  reduce(it, 1, function(segments, first, last)
    return it.try(without(segments, first, last))
  end)
end

-- All schedules with fewer preemptions, as far as they are few.
local function search(it)
  local bound = math.min(MOST_PREEMPTIONS, it.best.preemptions - 1)
  if bound < 0 then
    return
  end
  local all = deviations.all(bound)
  local alternatives, failed =
    it.deviate { strategy = "default", alternatives = true }
  for _ = 1, MOST_SYSTEMATIC do
    local how = not failed and all.next(alternatives)
    if not how then
      return
    end
    alternatives, failed = it.deviate(how)
  end
end

-- The default needs no segments: those at the end are left out as long as the
-- schedule is the same.
local function cut(it, run)
  local segments = it.best.segments
  local low, high = 0, #segments // 2 -- that few are too few; that many do
  while high - low > 1 do
    local middle = (low + high) // 2
    local result = run { strategy = "replay",
      plan = table.move(segments, 1, 2 * middle, 1, {}) }
    it.replays = it.replays + 1
    if result.hash == it.best.hash
      and is_same(it.best.failure, result.failure) then
      high = middle
    else
      low = middle
    end
  end
  return table.move(segments, 1, 2 * high, 1, {})
end

-- @tparam function run makes a schedule, given how
-- @tparam table found the result of a schedule that fails
-- @treturn table the segments of a small one
-- @treturn integer after how many replays
return function(run, found)
  local it = begin(run, found)
  shorten(it)
  merge(it)
  thin(it)
  search(it)
  return cut(it, run), it.replays
end
