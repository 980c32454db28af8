--- What logs under a name. The name goes into the field `name` of a format; and
-- a logger without a level of its own has that of the one whose name is before
-- its last dot, and so on up to the root.
-- @classmod threading.Logger
-- @usage
-- local log = require("threading.log").getLogger "crawler.fetch"
-- log:setLevel "debug"
-- log:info("fetched %s", "index.html")

local _thread = require "threading._thread"
local levels = require "threading.log.levels"
local standard = require "threading.private.standard"
local writer = require "threading.log.writer"
local string = standard.string
local pairs, setmetatable = pairs, setmetatable

local Logger = {}

local meta = { __index = Logger, __name = "threading.Logger" }

-- name -> its logger; the root's is "".
local loggers = {}

-- logger -> { name =, own = level or nil, level = from which it writes }.
local states = setmetatable({}, { __mode = "k" })

local function parent_of(name)
  while name ~= "" do
    name = string.match(name, "^(.*)%.") or ""
    if loggers[name] then
      return states[loggers[name]]
    end
  end
end

-- All levels anew: there are few of them, and they change seldom.
local function settle()
  for name, logger in pairs(loggers) do
    local state, from = states[logger], states[logger]
    while not from.own do
      from = parent_of(name)
      name = from.name
    end
    state.level = from.own
  end
end

local function new_logger(name, own)
  local logger = setmetatable({}, meta)
  states[logger] = { name = name, own = own, level = own or levels.all.WARNING }
  loggers[name] = logger
  return logger
end

local root = states[new_logger("", levels.all.WARNING)]

local function state_of(self)
  local state = states[self]
  if not state then
    _thread._bad_self(self, "threading.log.Logger")
  end
  return state
end

local function shown(state)
  return state.name == "" and "root" or state.name
end

function meta.__tostring(self)
  local state = state_of(self)
  return string.format("<Logger %s (%s)>", shown(state),
    levels.name(state.level))
end

--- Logs at the level DEBUG.
-- @param fmt a format as for `string.format`; any value, where nothing follows
-- @param ... what is formatted
function Logger:debug(fmt, ...)
  local state = states[self] or state_of(self)
  if state.level <= 10 then
    writer.write(shown(state), 10, fmt, ...)
  end
end

--- Logs at the level INFO.
-- @param fmt a format as for `string.format`; any value, where nothing follows
-- @param ... what is formatted
function Logger:info(fmt, ...)
  local state = states[self] or state_of(self)
  if state.level <= 20 then
    writer.write(shown(state), 20, fmt, ...)
  end
end

--- Logs at the level WARNING.
-- @param fmt a format as for `string.format`; any value, where nothing follows
-- @param ... what is formatted
function Logger:warning(fmt, ...)
  local state = states[self] or state_of(self)
  if state.level <= 30 then
    writer.write(shown(state), 30, fmt, ...)
  end
end

--- Logs at the level ERROR.
-- @param fmt a format as for `string.format`; any value, where nothing follows
-- @param ... what is formatted
function Logger:error(fmt, ...)
  local state = states[self] or state_of(self)
  if state.level <= 40 then
    writer.write(shown(state), 40, fmt, ...)
  end
end

--- Logs at the level CRITICAL.
-- @param fmt a format as for `string.format`; any value, where nothing follows
-- @param ... what is formatted
function Logger:critical(fmt, ...)
  local state = states[self] or state_of(self)
  if state.level <= 50 then
    writer.write(shown(state), 50, fmt, ...)
  end
end

--- Logs at a level.
-- @tparam integer|string level
-- @param fmt a format as for `string.format`; any value, where nothing follows
-- @param ... what is formatted
-- @raise if there is no such level
function Logger:log(level, fmt, ...)
  local state = state_of(self)
  level = levels.from(level, "log")
  if state.level <= level then
    writer.write(shown(state), level, fmt, ...)
  end
end

--- Does it write what is logged at this level?
-- @tparam integer|string level
-- @treturn boolean
-- @raise if there is no such level
function Logger:isEnabledFor(level)
  return state_of(self).level <= levels.from(level, "isEnabledFor")
end

--- Sets the level from which on it writes.
-- @tparam[opt] integer|string level by default that of the logger above it
-- @raise if there is no such level; for the root, if it is nil
function Logger:setLevel(level)
  local state = state_of(self)
  if level ~= nil or state == root then
    level = levels.from(level, "setLevel")
  end
  state.own = level
  settle()
end

--- The level from which on it writes.
-- @treturn integer
function Logger:getEffectiveLevel()
  return state_of(self).level
end

_thread._public(Logger)

-- The logger of a name, "" for the root; made when it is asked for first.
local function named(name)
  local logger = loggers[name]
  if not logger then
    logger = new_logger(name)
    settle()
  end
  return logger
end

return { named = named, root = root, settle = settle }
