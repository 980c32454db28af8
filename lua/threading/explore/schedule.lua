-- One schedule: the program runs once, from a state that is the same each time,
-- under the control of the C part (csrc/explore).

local _thread = require "threading._thread"
local standard = require "threading.private.standard"
local threading = require "threading"
local debug, math, os, string = standard.debug, standard.math, standard.os,
  standard.string
local collectgarbage, error, ipairs, next, package, tostring, type, xpcall =
  collectgarbage, error, ipairs, next, package, tostring, type, xpcall

local schedule = {}

-- Which sources are split -----------------------------------------------------

-- The folder of the library's Lua files, "@.../threading/".
local OURS <const> = string.match(debug.getinfo(1, "S").source,
  "^(.*[/\\])explore[/\\][^/\\]*$")

-- Test frameworks: of their own code no failure is to be found.
local FRAMEWORKS <const> = { "[/\\]busted[/\\.]", "[/\\]luassert[/\\.]",
  "[/\\]luaunit", "[/\\]say[/\\.]", "[/\\]mediator" }

local function matches(source, patterns)
  for _, pattern in ipairs(patterns) do
    if string.find(source, pattern) then
      return true
    end
  end
  return false
end

-- A function that says of a source whether it is split.
local function splitter(ignore)
  return function(source)
    local ours = OURS and string.sub(source, 1, #OURS) == OURS
    return not (ours or matches(source, FRAMEWORKS) or matches(source, ignore))
  end
end

-- What is the same each time --------------------------------------------------

local virtual = {
  clock = _thread.time.process_time,
  time = function(t)
    return t and os.time(t) or math.floor(_thread.time.time())
  end,
}

-- Replaces fields of a table; returns what they were.
local function swap(t, fields)
  local old = {}
  for name, value in next, fields do
    old[name], t[name] = t[name], value
  end
  return old
end

-- Finalisers and weak tables depend on the collector, numbers of math.random on
-- those that were drawn before. Returns what puts all back.
local function pin(seed, on_failure)
  local runs = collectgarbage "isrunning"
  collectgarbage()
  collectgarbage "stop"
  math.randomseed(seed)
  local old_os = swap(package.loaded.os, virtual)
  local old_hook = threading.excepthook
  threading.excepthook = on_failure
  return function()
    threading.excepthook = old_hook
    swap(package.loaded.os, old_os)
    if runs then
      collectgarbage "restart"
    end
  end
end

-- What has failed -------------------------------------------------------------

-- An error, with its traceback. What ends a thread silently is none.
local function as_failure(value)
  if _thread._is_exit(value) then
    return { kind = "exit", value = value }
  end
  local text = type(value) == "string" and value or tostring(value)
  return { kind = "error", value = value, message = text,
    traceback = debug.traceback(text, 2) }
end

local STOPS <const> = {
  points = "the program does not end: %d steps",
  deadlock = "deadlock: every thread waits for ever",
  invariant = "the invariant does not hold",
  memory = "not enough memory to explore",
}

-- Of a schedule that C has ended before its time, or that left threads over.
local function failure_of(result)
  local message = STOPS[result.stop]
  if result.failed then
    return { kind = "error", thread = result.names[result.failed],
      message = string.match(result.error, "^[^\n]*"),
      traceback = result.error }
  elseif message then
    return { kind = result.stop,
      message = string.format(message, result.points) }
  elseif result.left[1] then
    return { kind = "left", message = string.format(
      "thread %s has not ended, and nothing can wake it", result.left[1]) }
  end
  return nil
end

-- Ctrl-C is meant for the search.
local function is_interrupt(value)
  return type(value) == "string" and string.find(value, "interrupted!$")
end

-- Runs the program once.
-- @tparam function fn
-- @tparam table how what `_thread._explore_begin` takes; `ignore`, a list of
-- patterns of sources that are not split
-- @treturn table what `_thread._explore_end` returns; `failure`, nil or a table
-- with `kind`, `message`, and for an error `value`, `traceback` and `thread`
function schedule.run(fn, how)
  local first
  local function fail(args)
    first = first or { kind = "error", value = args.value, thread =
      args.thread and args.thread.name, message = tostring(args.value),
      traceback = args.traceback }
    _thread._explore_stop()
  end
  how.is_split = splitter(how.ignore or {})
  local restore = pin(how.seed or 0, fail)
  _thread._explore_begin(how)
  local ok, err = xpcall(fn, as_failure)
  if not ok and err.kind == "error" then
    first = first or err
  elseif ok and err == false then
    first = first or { kind = "false", message = "the function returned false" }
  end
  local result = _thread._explore_end()
  restore()
  if not ok and err.kind == "error" and is_interrupt(err.value) then
    error(err.value, 0)
  end
  result.failure = first or failure_of(result)
  return result
end

return schedule
