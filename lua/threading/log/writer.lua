-- What becomes of a message of threading.log: a record, a line, and a call of
-- each handler.

local _thread = require "threading._thread"
local formatter = require "threading.log.format"
local handler = require "threading.log.handler"
local levels = require "threading.log.levels"
local ours = require "threading.private.ours"
local register = require "threading.private.register"
local shown = require "threading.private.show"
local standard = require "threading.private.standard"
local string = standard.string
local ipairs, select, tostring, type = ipairs, select, tostring, type

local writer = {}

local FORMAT <const> =
  "%(asctime)s %(levelname)s %(threadName)s: %(message)s"

-- The configuration: replaced as a whole, for other threads may be writing.
local config = { format = FORMAT, handlers = { handler.stderr } }
config.to_line, config.placed = formatter(FORMAT)

-- --- writing ---

-- The message, whatever was given.
local function message_of(fmt, ...)
  local ok, text
  if select("#", ...) == 0 then
    ok, text = _thread._try(tostring, fmt)
  else
    ok, text = _thread._try(string.format, fmt, ...)
  end
  if ok then
    return text
  end
  return string.format("%s (cannot be formatted: %s)",
    type(fmt) == "string" and fmt or type(fmt), shown(text))
end

local function place(record)
  local info = ours.caller()
  record.filename = info and string.match(info.short_src, "[^/]*$") or "?"
  record.lineno = info and info.currentline or 0
end

function writer.write(name, level, fmt, ...)
  local now = config
  local record = {
    created = _thread.time.time(), level = level, levelno = level,
    levelname = levels.name(level), message = message_of(fmt, ...), name = name,
    thread = _thread.get_ident(), threadName = register.current_thread().name,
  }
  if now.placed then
    place(record)
  end
  local line = now.to_line(record)
  for _, fn in ipairs(now.handlers) do
    handler.call(fn, line, record)
  end
end

-- Changes what is given, and with a format the time's; raises before anything
-- has changed.
function writer.configure(pattern, datefmt, make_handlers)
  local new = {
    format = pattern or config.format,
    datefmt = datefmt or not pattern and config.datefmt or nil,
  }
  new.to_line, new.placed = formatter(new.format, new.datefmt)
  local handlers = make_handlers()
  new.handlers = handlers[1] and handlers or config.handlers
  config = new
end

return writer
