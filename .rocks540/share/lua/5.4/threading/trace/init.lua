--- Shows what threads do: a timeline of a run, who waited for whom, and tables.
--
-- A program is recorded as it is:
--
--     THREADING_TRACE=run.html lua program.lua
--
-- makes `run.json`, a file of events in Chrome's trace format, which Perfetto
-- opens, too; of that `run.html`, a page to zoom and search that needs nothing
-- else; and prints the tables of `report` on stderr when the program ends.
-- `run.svg` makes a picture, and `run.json` no more than that file. Or a part
-- of a program:
--
--     local trace = require "threading.trace"
--     trace.start { file = "run.html" }
--     do
--       local _ <close> = trace.span "load"
--       ...
--     end
--     trace.mark "loaded"
--     trace.stop()
--
-- Of each thread is recorded when it runs Lua, is ready to run, and waits for
-- the global lock, waits, for what, at which line, and held by whom at which
-- line, is in C or in a compiled function without the lock; who woke whom, and
-- had the lock before; starts and ends; memory, and how many threads could run;
-- which function of C kept the global lock although others asked for it. How
-- often a Lock, an RLock or a Condition's lock is taken is counted; for how
-- long it is held, by whom at which line, is measured where that is long, and
-- of many short times of a few.
-- Each interpreter is a process of its own.
--
-- Events are written twice in a second: a program that is killed loses what
-- came later, and the file can be read. Where a thread has more events than the
-- writer can take, some are lost, and counted. The child of a fork is not
-- recorded, nor is a program that this one starts.
-- @module threading.trace

local _thread = require "threading._thread"
local check = require "threading.private.check"
local complain = require "threading.private.complain"
local events = require "threading.trace.events"
local make_page = require "threading.trace.page"
local make_picture = require "threading.trace.picture"
local report_of = require "threading.trace.report"
local target = require "threading.trace.target"
local setmetatable, type = setmetatable, type

local trace = {}

local KNOWN <const> = { file = true }

local file -- as the caller has named it, of the last trace
local recorded -- where its events are

--- Begins to record what the threads of all interpreters do.
-- @function start
-- @tparam table options `file`: the name of what is made, a page (`.html`) or a
-- picture (`.svg`), with a file of events beside it (`.json`), or that alone.
-- They are made, or written anew
-- @raise bad arguments; where something is recorded already; if the file cannot
-- be written
function trace.start(options)
  options = check.options(options, KNOWN, "trace.start")
  local name = options.file
  if type(name) ~= "string" then
    check.bad("file", "trace.start", "string", name)
  end
  local events_in = target(name)
  local ok, why = _thread._trace_start(events_in)
  if not ok then
    complain("trace.start: %s", why)
  end
  file, recorded = name, events_in
end

--- Ends what `start` began, and makes the page or the picture.
-- @function stop
-- @treturn[1] integer how many events were lost: 0, if all is there
-- @return[2] nil
-- @treturn[2] string why the file cannot be written, or that nothing is
-- recorded
function trace.stop()
  local lost, why = _thread._trace_stop()
  local _, maker = target(file or "")
  if not lost or not maker then
    return lost, why
  end
  local ok
  ok, why = maker(recorded, file)
  return ok and lost, why
end

--- Is anything recorded?
-- @function is_on
-- @treturn boolean
trace.is_on = _thread._trace_is_on

local Span = {}

local function end_span(span)
  _thread._trace_span(span.name, span.since)
end

Span.__index, Span.__name, Span.__close = Span, "threading.trace.Span", end_span

local nothing <const> = setmetatable({}, { __close = function() end })

--- Shows a part of the program under a name, above what its thread does.
--
--     local _ <close> = trace.span "load"
-- @function span
-- @tparam string name what is shown
-- @return a to-be-closed value: the span ends where that goes out of scope
-- @raise if the name is no string
function trace.span(name)
  name = check.text(name, "name", "trace.span")
  local since = _thread._trace_begin()
  return since and setmetatable({ name = name, since = since }, Span) or nothing
end

--- Shows a moment of the calling thread under a name.
-- @function mark
-- @tparam string name what is shown
-- @raise if the name is no string
function trace.mark(name)
  _thread._trace_mark(check.text(name, "name", "trace.mark"))
end

--- The tables of a trace as text: what threads did, what they waited for, and
-- for whom, what the global lock was doing, and what would help.
-- @function report
-- @tparam[opt] string source a file of events; by default, that of the last
-- trace, which may still go on
-- @treturn[1] string
-- @return[2] nil
-- @treturn[2] string why not
-- @raise if source is no string; if there is none
function trace.report(source)
  source = source == nil and recorded or source
  if source == nil then
    complain("bad argument 'source' to 'trace.report' (the name of a file of "
      .. "events expected: none has been recorded)")
  end
  local run, why = events.read(check.text(source, "source", "trace.report"))
  if not run then
    return nil, why
  end
  return report_of(run)
end

--- Makes a page of a file of events: a timeline to zoom and search, tables.
-- @function page
-- @tparam string source the file's name
-- @tparam string name of the page; it is made, or written anew
-- @treturn[1] boolean true
-- @return[2] nil
-- @treturn[2] string why not
-- @raise bad arguments
trace.page = make_page

--- Makes a picture of a file of events, as SVG, for a document.
-- @function picture
-- @tparam string source the file's name
-- @tparam string name of the picture; it is made, or written anew
-- @treturn[1] boolean true
-- @return[2] nil
-- @treturn[2] string why not
-- @raise bad arguments
trace.picture = make_picture

return trace
