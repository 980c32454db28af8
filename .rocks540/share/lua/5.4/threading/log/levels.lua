-- The levels of threading.log: numbers, which have names.

local complain = require "threading.private.complain"
local standard = require "threading.private.standard"
local math, string = standard.math, standard.string
local pairs, type = pairs, type

local levels = {
  all = { DEBUG = 10, INFO = 20, WARNING = 30, ERROR = 40, CRITICAL = 50 },
}

local level_of = {} -- name -> number
local name_of = {} -- number -> name

for name, level in pairs(levels.all) do
  level_of[name], name_of[level] = level, name
end
level_of.WARN, level_of.FATAL = levels.all.WARNING, levels.all.CRITICAL

local NAMES <const> = "debug, info, warning, error, critical, or an integer"

-- The number of a level that was given, for the argument `level` of a function.
function levels.from(value, where)
  local level = math.type(value) and math.tointeger(value)
  if type(value) == "string" then
    level = level_of[string.upper(value)]
  end
  if not level then
    complain("bad argument 'level' to '%s' (level expected: %s)", where, NAMES)
  end
  return level
end

function levels.name(level)
  return name_of[level] or "Level " .. level
end

return levels
