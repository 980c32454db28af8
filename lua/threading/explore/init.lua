-- Runs a program again and again, each time under another schedule, until one
-- fails; and that one again, exactly, as often as you like.

local check = require "threading.private.check"
local complain = require "threading.private.complain"
local schedule = require "threading.explore.schedule"
local standard = require "threading.private.standard"
local math, string, table = standard.math, standard.string, standard.table
local error, setmetatable = error, setmetatable

local explore = {}

local KNOWN <const> = { schedules = true, seed = true, replay = true,
  max_steps = true, strategy = true, ignore = true }

local STRATEGIES <const> = { auto = "sticky", random = "random", pct = "pct",
  sticky = "sticky" }

-- Replay words ----------------------------------------------------------------

-- { 1, 5, 3, 12 } -> "1:5 3:12"
local function word_of(segments)
  local words = {}
  for i = 1, #segments, 2 do
    words[#words + 1] = segments[i] .. ":" .. segments[i + 1]
  end
  return table.concat(words, " ")
end

local function segments_of(word)
  local segments = {}
  if not string.find(word, "^%s*%d+:%d+[%d:%s]*$") then
    complain("bad argument 'replay' (a word like \"1:5 3:12\" expected, got "
      .. "%q)", word)
  end
  for thread, steps in string.gmatch(word, "(%d+):(%d+)") do
    segments[#segments + 1] = math.tointeger(thread)
    segments[#segments + 1] = math.tointeger(steps)
  end
  return segments
end

-- Searching -------------------------------------------------------------------

local function read(options)
  options = check.options(options, KNOWN, "explore")
  local name = options.strategy or "auto"
  if not STRATEGIES[name] then
    complain("bad argument 'strategy' (one of auto, random, sticky and pct "
      .. "expected)")
  end
  return {
    schedules = check.positive(options.schedules, "schedules", "explore")
      or 1000,
    seed = check.integer(options.seed, "seed", "explore") or 1,
    max_points = check.positive(options.max_steps, "max_steps", "explore")
      or 100000,
    strategy = STRATEGIES[name],
    replay = options.replay and segments_of(options.replay),
    ignore = options.ignore,
  }
end

local function search(fn, o)
  local length = 0
  for i = 1, o.schedules do
    local r = schedule.run(fn, { strategy = o.strategy, seed = o.seed + i - 1,
      max_points = o.max_points, depth = 3, length = length,
      ignore = o.ignore })
    length = math.max(length, r.points)
    if r.failure then
      return r, i
    end
  end
  return nil, o.schedules
end

local function replay(fn, o)
  return schedule.run(fn, { strategy = "replay", plan = o.replay,
    seed = o.seed, max_points = o.max_points, trace = true,
    ignore = o.ignore }), 1
end

-- Explores, and raises nothing but for bad arguments.
-- @tparam function fn the program: it starts threads, waits for them, and
-- raises, or returns false, where something is wrong
-- @tparam[opt] table options `schedules`: how many are tried (1000); `seed`
-- (1); `strategy`: "auto", "random", "sticky" or "pct"; `replay`: a replay
-- word; `max_steps`: longer schedules fail (100000); `ignore`: a list of
-- patterns, sources that match one are not split
-- @treturn table `ok`; `tried`, how many schedules; `seed`; and of the one that
-- failed `failure` (with `kind`, `message`, `thread`, `traceback`), `replay`
-- (its word), `hash`, `steps`, `preemptions`; of a replay `trace` and
-- `strayed`, too
function explore.run(fn, options)
  check.callable(fn, "fn", "explore")
  local o = read(options)
  local r, tried = (o.replay and replay or search)(fn, o)
  local result = { ok = not (r and r.failure), tried = tried, seed = o.seed }
  if r then
    result.failure, result.hash, result.steps = r.failure, r.hash, r.points
    result.replay, result.preemptions = word_of(r.segments), r.preemptions
    result.trace, result.names, result.strayed = r.trace, r.names, r.strayed
  end
  return result
end

local function report(result, schedules)
  return string.format("explore: schedule %d of %d fails: %s\n%d preemptions\n"
    .. 'replay: THREADING_REPLAY="%s"', result.tried, schedules,
    result.failure.message, result.preemptions, result.replay)
end

return setmetatable(explore, {
  __call = function(_, fn, options)
    local result = explore.run(fn, options)
    if not result.ok then
      error(report(result, options and options.schedules or 1000), 0)
    end
    return result
  end,
})
