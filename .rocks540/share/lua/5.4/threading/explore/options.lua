-- What explore is asked for: options, and variables of the environment.

local _thread = require "threading._thread"
local check = require "threading.private.check"
local complain = require "threading.private.complain"
local standard = require "threading.private.standard"
local strategies = require "threading.explore.strategies"
local word = require "threading.explore.word"
local math, string, table = standard.math, standard.string, standard.table
local ipairs, pcall, tostring, type = ipairs, pcall, tostring, type

local options = {}

local KNOWN <const> = { schedules = true, seed = true, strategy = true,
  depth = true, bound = true, max_steps = true, max_time = true, clock = true,
  isolate = true, split = true, ignore = true, library = true,
  invariant = true, replay = true, shrink = true, progress = true }

-- One of a few words, or nil.
local function choice(value, name, words)
  if value == nil then
    return nil
  end
  for _, known in ipairs(words) do
    if value == known then
      return value
    end
  end
  return complain("bad argument '%s' (one of \"%s\" expected, got %s)", name,
    table.concat(words, '", "'), type(value) == "string"
    and '"' .. value .. '"' or tostring(value))
end

local function strategy(value)
  if type(value) == "table" then
    if not check.is_callable(value.next) then
      complain("bad argument 'strategy' (a table with a function "
        .. "'next(self, threads, current)' expected: it has no 'next')")
    end
    return value
  end
  return choice(value, "strategy", strategies.names) or "auto"
end

-- A pattern, or a list of patterns.
local function patterns(value)
  local list = type(value) == "string" and { value } or value or {}
  check.expect(type(list) == "table", "ignore", "list of patterns", value)
  for _, pattern in ipairs(list) do
    if type(pattern) ~= "string" or not pcall(string.find, "", pattern) then
      complain("bad argument 'ignore' (a list of patterns for string.find "
        .. "expected, which %s is not)", tostring(pattern))
    end
  end
  return list
end

local function not_negative(check_type, value, name)
  check_type(value, name, "explore")
  if value ~= nil and (value < 0 or value ~= value) then
    complain("bad argument '%s' to 'explore' (must not be less than 0)", name)
  end
  return value
end

local function flag(value, name)
  check.boolean(value, name, "explore")
  return value
end

local function callable(value, name)
  if value ~= nil then
    check.callable(value, name, "explore")
  end
  return value
end

-- What C asks: a function that returns whether the invariant holds.
local function holds(invariant)
  return invariant and function()
    return invariant() ~= false
  end
end

-- A variable's value, an integer of at least `least`; or nil.
local function number_of(variable, least)
  local value = _thread._getenv(variable)
  if value == nil or value == "" then
    return nil
  end
  local n = math.tointeger(value)
  if not n or n < least then
    complain("bad variable %s (an integer of at least %d expected, got \"%s\")",
      variable, least, value)
  end
  return n
end

-- The word in the environment, if it is of the program at this place.
local function environment_word(place)
  local value = _thread._getenv "THREADING_REPLAY"
  if value == nil or value == "" then
    return nil
  end
  local parsed = word.read(value, "THREADING_REPLAY")
  return word.is_of(parsed, place) and parsed or nil
end

local function check_isolation(o)
  if o.isolate and type(o.strategy) == "table" then
    complain("bad argument 'isolate' (a strategy of your own cannot be told "
      .. "what another process has done: leave one of the two out)")
  end
end

-- The environment has the last word: a program is explored for longer, or
-- replayed, without a change.
-- @tparam table given
-- @tparam string place of the program's function
-- @treturn table with all options that are nil set
function options.read(given, place)
  given = check.options(given, KNOWN, "explore")
  local o = {
    place = place,
    schedules = number_of("THREADING_EXPLORE_SCHEDULES", 1)
      or check.positive(given.schedules, "schedules", "explore") or 1000,
    environment_seed = number_of("THREADING_SEED", math.mininteger),
    strategy = strategy(given.strategy),
    depth = check.positive(given.depth, "depth", "explore") or 3,
    bound = not_negative(check.integer, given.bound, "bound") or 2,
    max_steps = check.positive(given.max_steps, "max_steps", "explore")
      or 100000,
    max_time = not_negative(check.number, given.max_time, "max_time"),
    early = choice(given.clock, "clock", { "virtual", "explored" })
      == "explored",
    isolate = choice(given.isolate, "isolate", { "fork" }),
    lines = choice(given.split, "split", { "instruction", "line" }) == "line",
    ignore = patterns(given.ignore),
    invariant = holds(callable(given.invariant, "invariant")),
    progress = callable(given.progress, "progress"),
    shrink = flag(given.shrink, "shrink") ~= false,
    library = flag(given.library, "library"),
    replay = given.replay ~= nil and word.read(given.replay, "replay")
      or environment_word(place),
  }
  o.seed = o.environment_seed or check.integer(given.seed, "seed", "explore")
    or 1
  check_isolation(o)
  return o
end

return options
