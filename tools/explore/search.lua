-- Explores a function with the library's own Lua code split, too: by random
-- walks of three kinds; in one of three schedules a timer may fire at any
-- point.

local _thread = require "threading._thread"
local threading = require "threading"

local STRATEGIES <const> = { "sticky", "random", "pct" }
local MAX_POINTS <const> = 200000

local function one(fn, options)
  local failure
  local hook = threading.excepthook
  threading.excepthook = function(args)
    failure = failure or args.traceback or tostring(args.value)
  end
  collectgarbage()
  collectgarbage "stop"
  local result = _thread._explore_run(options, fn, debug.traceback)
  collectgarbage "restart"
  threading.excepthook = hook
  result.failure = failure or result.stop
    or not result.ok and tostring(result.value)
    or result.left[1] and result.left[1] .. " has not ended"
  return result
end

local function describe(options, result)
  return ("strategy %s, seed %d, early %s: %s\nplan = { %s }"):format(
    options.strategy, options.seed, options.early, result.failure,
    table.concat(result.segments, ", "))
end

--- Returns nil, or a description of the first failure.
return function(fn, schedules, seed)
  local length = 0
  for i = 1, schedules do
    local options = { strategy = STRATEGIES[i % #STRATEGIES + 1],
      seed = seed + i, early = i // #STRATEGIES % 3 == 0, depth = 4,
      length = length, max_points = MAX_POINTS }
    local result = one(fn, options)
    if result.failure then
      return describe(options, result)
    end
    length = math.max(length, result.points)
  end
  return nil
end
