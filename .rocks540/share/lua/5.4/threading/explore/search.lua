-- Explores one program: schedule after schedule until one fails, which is then
-- made small and run once more for its trace.

local apart = require "threading.explore.apart"
local report = require "threading.explore.report"
local schedule = require "threading.explore.schedule"
local shrink = require "threading.explore.shrink"
local strategies = require "threading.explore.strategies"
local time = require "threading.time"
local word = require "threading.explore.word"
local standard = require "threading.private.standard"
local string = standard.string
local error, pcall = error, pcall

-- A program without threads has one schedule: a test of that tests nothing.
local function check_threads(result)
  if not result.names[2] and not result.failure then
    result.failure = { kind = "alone",
      message = "the program starts no thread: there is nothing to explore" }
  end
  return result
end

local function is_over(o, tried, start)
  return tried >= o.schedules
    or o.max_time and time.monotonic() - start >= o.max_time
end

-- @return the result of the schedule that fails, or nil
-- @return how it was chosen, or what was covered
-- @return how many were tried
local function look(run, o)
  local choose, covered = strategies.make(o)
  local start, tried, last = time.monotonic(), 0, nil
  while not is_over(o, tried, start) do
    local how = choose(tried + 1, last)
    if not how then
      break
    end
    last, tried = check_threads(run(how)), tried + 1
    if how.problem then -- the program's own strategy has failed
      error(how.problem, 0)
    elseif last.failure then
      return last, how, tried
    elseif o.progress then
      o.progress(tried, o.schedules)
    end
  end
  return nil, covered and covered(tried), tried
end

-- What the user gets of the schedule that failed, or was replayed, by these
-- segments. What follows them is the default: they are the word.
local function fill(result, r, o, segments)
  if #segments > 0 and not r.strayed then
    r.segments = segments
  end
  result.failure, result.hash, result.steps = r.failure, r.hash, r.points
  result.preemptions, result.switches = r.preemptions, r.switches
  result.replay = word.write(o.place, r)
  result.trace, result.names, result.strayed = r.trace, r.names, r.strayed
  return result
end

local function make_small(run, o, found, how)
  local result, switches = {}, found.switches
  local plan = { strategy = "replay", plan = found.segments, trace = true }
  if #found.segments == 0 then -- a copy of the process has crashed
    result.failure = found.failure
    return result
  elseif o.shrink then
    local segments, replays = shrink(run, found)
    result.shrunk = { switches = switches, replays = replays }
    plan.plan = segments
  end
  local r = run(plan)
  if not r.failure then -- the program is not the same each time
    how.trace = true
    r = run(how)
    r.failure = r.failure or found.failure
    result.shrunk = nil
  end
  return fill(result, r, o, plan.plan)
end

local function find(run, o)
  local found, how, tried = look(run, o)
  local result = { ok = true }
  if found then
    result = make_small(run, o, found, how)
    result.ok = false
  end
  result.tried, result.seed = tried, o.seed
  result.report = found and report.of_failure(result, o)
    or report.of_success(result, how)
  return result
end

-- Where a replay is not the schedule of which the word is.
local function difference(parsed, r, o)
  if not r.strayed and word.is_same(parsed, r) then
    return nil
  end
  local where = r.strayed and string.format(" at step %d", r.strayed) or ""
  local whose = parsed.place and parsed.place ~= o.place and string.format(
    ": the word is of the program at %s, this one is at %s", parsed.place,
    o.place) or ": the program has changed, or depends on something else than "
    .. "its schedule"
  return "the replay leaves the recorded way" .. where .. whose
end

local function replay(run, o)
  local r = run { strategy = "replay", plan = o.replay.segments, trace = true }
  local result = fill({ ok = not r.failure, tried = 1, seed = o.seed }, r, o,
    o.replay.segments)
  result.differs = difference(o.replay, r, o)
  result.report = r.failure and report.of_failure(result, o)
    or report.of_success(result)
  if result.differs then
    result.report = result.report .. "\n" .. result.differs
  end
  return result
end

-- @tparam function fn
-- @tparam table o the options, see options.lua
-- @treturn table the result
return function(fn, o)
  local unpin = schedule.pin()
  local one = o.isolate and apart or schedule.run
  local function run(how)
    return one(fn, o, how)
  end
  local ok, result = pcall(o.replay and replay or find, run, o)
  unpin()
  if not ok then
    error(result, 0)
  end
  return result
end
