--- Logging, after Python's `logging`: lines with the time, the level, and the
-- name of the thread. They go to stderr, from `WARNING` on, until `basicConfig`
-- says otherwise.
--
-- A line is whole, whichever threads and interpreters write others at the same
-- time, and the threads that need not wait for it run on. A message below the
-- level is not formatted: the call costs a comparison. A call that logs raises
-- no error: a message that cannot be formatted is written with what is wrong
-- with it, and what a handler raises is told on stderr.
--
-- Each interpreter has a configuration of its own.
-- @module threading.log
-- @usage
-- local log = require "threading.log"
-- log.basicConfig { level = "info", filename = "crawler.log" }
-- log.info("fetched %d pages", 7)
-- -- 2026-11-28 03:20:11,123 INFO MainThread: fetched 7 pages
-- log.debug("not %s", "formatted")

local _thread = require "threading._thread"
local check = require "threading.private.check"
local complain = require "threading.private.complain"
local handler = require "threading.log.handler"
local levels = require "threading.log.levels"
local logger = require "threading.log.logger"
local writer = require "threading.log.writer"
local ipairs = ipairs

local root <const> = logger.root

local log = {
  --- The level 10 (integer): what only a search for an error needs.
  -- @field DEBUG
  DEBUG = 10,

  --- The level 20 (integer): that things go as they should.
  -- @field INFO
  INFO = 20,

  --- The level 30 (integer): what is not as it should be, and can be met.
  -- @field WARNING
  WARNING = 30,

  --- The level 40 (integer): something that could not be done.
  -- @field ERROR
  ERROR = 40,

  --- The level 50 (integer): the program may not be able to go on.
  -- @field CRITICAL
  CRITICAL = 50,
}

--- Logs at the level DEBUG, by the root logger.
-- @function debug
-- @param fmt a format as for `string.format`; any value, where nothing follows
-- @param ... what is formatted
function log.debug(fmt, ...)
  if root.level <= 10 then
    writer.write("root", 10, fmt, ...)
  end
end

--- Logs at the level INFO, by the root logger.
-- @function info
-- @param fmt a format as for `string.format`; any value, where nothing follows
-- @param ... what is formatted
function log.info(fmt, ...)
  if root.level <= 20 then
    writer.write("root", 20, fmt, ...)
  end
end

--- Logs at the level WARNING, by the root logger.
-- @function warning
-- @param fmt a format as for `string.format`; any value, where nothing follows
-- @param ... what is formatted
function log.warning(fmt, ...)
  if root.level <= 30 then
    writer.write("root", 30, fmt, ...)
  end
end

--- Logs at the level ERROR, by the root logger.
-- @function error
-- @param fmt a format as for `string.format`; any value, where nothing follows
-- @param ... what is formatted
function log.error(fmt, ...)
  if root.level <= 40 then
    writer.write("root", 40, fmt, ...)
  end
end

--- Logs at the level CRITICAL, by the root logger.
-- @function critical
-- @param fmt a format as for `string.format`; any value, where nothing follows
-- @param ... what is formatted
function log.critical(fmt, ...)
  if root.level <= 50 then
    writer.write("root", 50, fmt, ...)
  end
end

--- Logs at a level, by the root logger.
-- @function log
-- @tparam integer|string level
-- @param fmt a format as for `string.format`; any value, where nothing follows
-- @param ... what is formatted
-- @raise if there is no such level
function log.log(level, fmt, ...)
  level = levels.from(level, "log")
  if root.level <= level then
    writer.write("root", level, fmt, ...)
  end
end

--- Does the root logger write what is logged at this level? For values that
-- take long to compute.
-- @function isEnabledFor
-- @tparam integer|string level
-- @treturn boolean
-- @raise if there is no such level
function log.isEnabledFor(level)
  return root.level <= levels.from(level, "isEnabledFor")
end

--- Sets the level from which on the root logger writes, and each logger that
-- has none of its own.
-- @function setLevel
-- @tparam integer|string level
-- @raise if there is no such level
function log.setLevel(level)
  root.own = levels.from(level, "setLevel")
  logger.settle()
end

--- The logger of a name, the same one each time.
-- @function getLogger
-- @tparam[opt] string name by default the root's
-- @treturn Logger
-- @raise if name is not a string
-- @usage
-- local log = require("threading.log").getLogger "crawler.fetch"
-- log:info("fetched %s", url)
function log.getLogger(name)
  check.string(name, "name", "getLogger")
  if name == nil or name == "root" then
    name = ""
  end
  return logger.named(name)
end

local known <const> = {
  level = true, format = true, datefmt = true, filename = true,
  filemode = true, stream = true, handlers = true,
}

local function handlers_from(options)
  local list = {}
  for i, value in ipairs(options.handlers or {}) do
    list[i] = handler.of(value, "handlers[" .. i .. "]")
  end
  if options.filename ~= nil then
    list[#list + 1] = handler.of_file(options.filename,
      options.filemode or "a")
  elseif options.stream ~= nil then
    list[#list + 1] = handler.of_stream(options.stream)
  end
  return list
end

local function check_options(options)
  check.options(options, known, "basicConfig")
  for _, name in ipairs { "format", "datefmt", "filename", "filemode" } do
    check.string(options[name], name, "basicConfig")
  end
  check.table(options.handlers, "handlers", "basicConfig")
  if options.filename ~= nil and options.stream ~= nil then
    complain "basicConfig: give either 'filename' or 'stream'"
  end
  local mode = options.filemode
  if mode ~= nil and mode ~= "a" and mode ~= "w" then
    complain("bad argument 'filemode' to 'basicConfig' (\"a\" or \"w\" "
      .. "expected, got \"%s\")", mode)
  end
end

--- Says what is written, how, and where to; what is not given stays as it is.
--
-- The fields of a **format** are `asctime` (the date and time), `created`
-- (seconds since 1970), `msecs`, `levelname`, `levelno`, `name` (the logger's),
-- `message`, `threadName`, `thread` (its ident), `filename` and `lineno` (where
-- the call is, which takes time to find out).
--
-- A **handler** is a function, called with the line and a table of the fields
-- (and `level`); or an object with a method `write`, and perhaps `flush`. One
-- thread at a time calls it, and what it logs itself does not come back to it.
-- @function basicConfig
-- @tparam table options `level`: `"debug"`, `"info"`, `"warning"`, `"error"`,
-- `"critical"`, or an integer; `format`: by default
-- `"%(asctime)s %(levelname)s %(threadName)s: %(message)s"`; `datefmt`: what
-- `asctime` is, as for `os.date`, by default date and time with milliseconds,
-- which it is again where only a format is given; `filename`: a file to which
-- lines are appended, or with `filemode = "w"` one that is written anew;
-- `stream`: an open file; `handlers`: a list
-- @raise if an option is unknown or of the wrong type, or the file cannot be
-- opened; nothing has changed then
-- @usage
-- log.basicConfig {
--   level = "debug", stream = io.stdout,
--   format = "%(asctime)s %(levelname)-8s [%(threadName)s] %(message)s",
--   datefmt = "%H:%M:%S",
-- }
function log.basicConfig(options)
  if options == nil then
    check.bad("options", "basicConfig", "table", options)
  end
  check_options(options)
  local level = options.level ~= nil
    and levels.from(options.level, "basicConfig") or root.own
  writer.configure(options.format, options.datefmt, function()
    return handlers_from(options)
  end)
  root.own = level
  logger.settle()
end

_thread._public(log)

return log --[[@as threading.log]]
