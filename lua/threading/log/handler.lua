-- Where the lines of threading.log go: each of these makes a handler, a
-- function of a line and its record, that writes whole lines.

local _thread = require "threading._thread"
local check = require "threading.private.check"
local complain = require "threading.private.complain"
local shown = require "threading.private.show"
local standard = require "threading.private.standard"
local stderr = require "threading.private.stderr"
local io = standard.io

local handler = {}

-- io.stderr, as it is when a line is written.
function handler.stderr(line)
  stderr.write(line)
end

-- One at a time; and what a handler itself logs does not come to it again.
local function serial(fn)
  local lock, busy = _thread.rlock(), false

  local function rest()
    busy = false
  end

  return function(line, record)
    local _ <close> = lock:guard()
    if not busy then
      busy = true
      local _ <close> = _thread._defer(rest)
      fn(line, record)
    end
  end
end

local function fail(err)
  stderr.write("threading.log: a line cannot be written: " .. shown(err)
    .. "\n")
end

-- A write of a file of Lua's is whole; another object's may not be.
local function of_writer(writer)
  local flush = writer.flush
  local function write(line)
    local ok, err = writer:write(line)
    if ok == nil and err ~= nil then
      fail(err)
    elseif flush then
      writer:flush()
    end
  end
  return io.type(writer) and write or serial(write)
end

local function is_open(value)
  return check.is_writer(value) and io.type(value) ~= "closed file"
end

function handler.of_stream(stream)
  if not is_open(stream) then
    check.bad("stream", "basicConfig", "open file", stream)
  end
  return of_writer(stream)
end

-- Unbuffered: a line is one write of the system's.
function handler.of_file(filename, mode)
  local file, err = io.open(filename, mode)
  if not file then
    complain("basicConfig: %s", err)
  end
  file:setvbuf "no"
  return of_writer(file)
end

-- A function of a line and its record, or an object with a method `write`.
function handler.of(value, name)
  if check.is_callable(value) then
    return serial(value)
  end
  if not is_open(value) then
    check.bad(name, "basicConfig", "function or open file", value)
  end
  return of_writer(value)
end

-- Calls a handler. What it raises is told on stderr: a program does not fail
-- because it logs.
function handler.call(fn, line, record)
  local ok, err = _thread._try(fn, line, record)
  if not ok then
    fail(err)
  end
end

return handler
