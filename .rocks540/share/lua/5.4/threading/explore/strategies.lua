-- Which schedules are tried, and in which order.
--
-- A strategy is made for one search, from its options. It is a function that
-- is called before each schedule, with its number and with the result of the
-- one before; it returns how that schedule is chosen (see
-- csrc/explore/explore.h), or nil when there is none left. A second function
-- says what has been covered when a search ends without a failure.

local complain = require "threading.private.complain"
local deviations = require "threading.explore.deviations"
local standard = require "threading.private.standard"
local math, string = standard.math, standard.string
local ipairs, pcall, tostring, type = ipairs, pcall, tostring, type

local strategies = {}

strategies.names = { "auto", "random", "pct", "systematic" }

-- So many schedules come before the first deviation of "auto": what chance
-- finds soon is found by then.
local QUICK <const> = 8

local make = {}

-- The seed by which one schedule of a search is chosen. (math.random has the
-- search's own in all of them.)
local function seed_of(o, n)
  return o.seed * 1000003 + n
end

local function sticky(o, n)
  return { strategy = "sticky", seed = seed_of(o, n) }
end

function make.random(o)
  return function(n)
    return sticky(o, n)
  end
end

-- The default schedule; a few random ones; then in turn a random one, and one
-- that deviates from the default once.
function make.auto(o)
  local deviate, points
  local all = false
  return function(n, last)
    if n == 1 then
      return { strategy = "default", alternatives = true }
    elseif n == 2 then
      deviate, points = deviations.once(last, o.seed)
    end
    local deviates = n > QUICK and n % 2 == 0
    local how = deviates and not all and deviate() or nil
    all = all or deviates and not how
    return how or sticky(o, n)
  end, function()
    if all then
      return string.format("and none with one preemption at any of %d points",
        points)
    end
    return nil
  end
end

function make.pct(o)
  local length = 0
  return function(n, last)
    length = math.max(length, last and last.points or 0)
    return { strategy = "pct", seed = seed_of(o, n), depth = o.depth,
      length = length }
  end
end

function make.systematic(o)
  local all = deviations.all(o.bound)
  return function(n, last)
    if n == 1 then
      return { strategy = "default", alternatives = true }
    end
    return all.next(last.alternatives)
  end, function()
    if all.is_done() then
      return string.format("which are all with at most %d preemptions",
        o.bound)
    end
    return nil
  end
end

-- The program's own. What it returns is checked here: C would go on by the
-- default.
local function ask(own, ready, current)
  local thread = own:next(ready, current)
  for _, one in ipairs(ready) do
    if one == thread then
      return thread
    end
  end
  return complain("the strategy's 'next' has to return one of the threads that "
    .. "it is given, not %s", tostring(thread))
end

local function own_strategy(o)
  local own, how = o.strategy, { strategy = "ask" }
  function how.ask(ready, current)
    if how.problem then
      return 0
    end
    local ok, thread = pcall(ask, own, ready, current)
    if not ok then
      how.problem = thread
    end
    return ok and thread or 0
  end
  return function(n, last)
    if own.start and own:start(n, last) == false then
      return nil
    end
    return how
  end
end

-- @treturn function
-- @treturn ?function
function strategies.make(o)
  return (type(o.strategy) == "table" and own_strategy or make[o.strategy])(o)
end

return strategies
