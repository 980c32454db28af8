-- `THREADING_TRACE=run.html lua program.lua`: a program is recorded as it is,
-- until it ends, and its tables are printed on stderr.

local _thread = require "threading._thread"
local standard = require "threading.private.standard"
local target = require "threading.trace.target"
local trace = require "threading.trace"
local io, string = standard.io, standard.string
local package = package
local setmetatable = setmetatable

local MOST <const> = 100000000 -- bytes

local function tell(format, ...)
  _thread._tell(string.format(format .. "\n", ...))
end

-- The tables, unless to make them would keep the program for a minute.
local function report(name)
  local source = target(name)
  local file <close> = io.open(source)
  if file and file:seek "end" < MOST then
    return trace.report(source) or ""
  end
  return string.format("threading: %s is large: its tables are made by "
    .. "require('threading.trace').report(%q)", source, source)
end

-- The process that was started, and no child of a fork, comes to this once.
local function finish(name)
  if not trace.is_on() then
    return
  end
  local lost, why = trace.stop()
  tell(lost and "threading: the trace is in %s" or "threading: the trace: %s",
    lost and name or why)
  if lost and lost > 0 then
    tell("threading: %d events of it are lost: they came too quickly", lost)
  end
  tell("\n%s", report(name))
end

-- os.exit ends the process, and runs no finaliser unless it closes the state.
local function at_exit(fn)
  local library = package.loaded.os
  local exit = library.exit
  function library.exit(code, close)
    if not close then
      fn()
    end
    return exit(code, close)
  end
end

-- @tparam string name of the file that is made
return function(name)
  trace.start { file = name }
  local function at_end()
    finish(name)
  end
  at_exit(at_end)
  package.loaded["threading.trace.program"] =
    setmetatable({}, { __gc = at_end })
end
