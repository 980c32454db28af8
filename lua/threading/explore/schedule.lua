-- One schedule of a program: what is pinned, so that it is the same each time,
-- and what counts as its failure.

local _thread = require "threading._thread"
local numbers = require "threading.private.numbers"
local ours = require "threading.private.ours"
local shown = require "threading.private.show"
local standard = require "threading.private.standard"
local threading = require "threading"
local debug, math, os, string = standard.debug, standard.math, standard.os,
  standard.string
local collectgarbage, error, ipairs, next, package, pcall, type =
  collectgarbage, error, ipairs, next, package, pcall, type

local schedule = {}

-- Which sources are split -----------------------------------------------------

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
local function splitter(o)
  return function(source)
    return not (ours.has(source) and not o.library
      or matches(source, FRAMEWORKS) or matches(source, o.ignore))
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

-- Finalisers and weak tables depend on the collector: for as long as programs
-- are explored it runs between schedules only. There it is generational, which
-- is quick where much is alive, in the program or in a test framework.
-- @return a function that puts it back
function schedule.pin()
  local runs = collectgarbage "isrunning"
  collectgarbage()
  local mode = collectgarbage "generational"
  collectgarbage "stop"
  return function()
    collectgarbage(mode)
    if runs then
      collectgarbage "restart"
    end
  end
end

-- @return a function that puts all back
local function replace(on_failure)
  local old_os = swap(package.loaded.os, virtual)
  local old_numbers = swap(numbers, { pools = 0 })
  local old_hook = threading.excepthook
  threading.excepthook = on_failure
  return function()
    threading.excepthook = old_hook
    swap(package.loaded.os, old_os)
    swap(numbers, old_numbers)
  end
end

-- What has failed -------------------------------------------------------------

-- An error, with its traceback. What ends a thread silently is none, nor is
-- Ctrl-C.
local function as_failure(value)
  if _thread._is_exit(value) then
    return { kind = "exit" }
  elseif _thread._is_asked(value) then
    return { kind = "interrupted", value = value }
  end
  local text = shown(value)
  return { kind = "error", value = value, message = text,
    traceback = debug.traceback(text, 2) }
end

-- The same, of what a thread raised.
local function of_thread(args)
  return { kind = "error", value = args.value, message = shown(args.value),
    traceback = args.traceback,
    thread = args.thread and args.thread.name or nil }
end

local STOPS <const> = {
  points = "the program does not end: it has come to %d steps",
  deadlock = "deadlock: every thread waits for ever",
  invariant = "the invariant does not hold",
  memory = "there is not enough memory to explore it",
}

-- Of a schedule that C has ended before its time, or that left threads over.
local function of_end(result)
  local message = STOPS[result.stop]
  if result.failed then
    return { kind = "error", thread = result.names[result.failed],
      message = string.match(result.error, "^[^\n]*"),
      traceback = result.error }
  elseif message then
    message = string.format(message, result.points)
    return { kind = result.stop,
      message = result.error and message .. ": " .. result.error or message }
  elseif result.left[1] then
    return { kind = "left", message = string.format(
      "thread %s has not ended, and nothing can wake it", result.left[1]) }
  end
  return nil
end

-- Of what the program's function returned, or raised. (Where there was no
-- memory for a handler, that is the error itself.)
local function of_outcome(result)
  local value = result.value
  if result.ok then
    return value == false
      and { kind = "false", message = "the function returned false" } or nil
  elseif type(value) ~= "table" then
    return { kind = "error", value = value, message = shown(value) }
  elseif value.kind == "interrupted" then
    error(value.value, 0)
  end
  return value.kind == "error" and value or nil
end

-- Runs a program once.
-- @tparam function fn the program
-- @tparam table o the options, see options.lua
-- @tparam table how what is of this schedule: `strategy` and what belongs to
-- it, `alternatives`, `trace`; see csrc/explore/explore.h
-- @treturn table what `_thread._explore_run` returns; `failure`, nil or a table
-- with `kind`, `message`, and for an error `value`, `traceback` and `thread`
function schedule.run(fn, o, how)
  local first
  how.is_split, how.holds = splitter(o), o.invariant
  how.max_points, how.early, how.lines = o.max_steps, o.early, o.lines
  collectgarbage("step", 0)
  math.randomseed(o.seed) -- the program's numbers; the search has its own
  local restore = replace(function(args)
    first = first or of_thread(args)
    _thread._explore_stop()
  end)
  local ok, result = pcall(_thread._explore_run, how, fn, as_failure)
  restore()
  if not ok then -- it was refused
    error(result, 0)
  end
  result.failure = first or of_outcome(result) or of_end(result)
  return result
end

return schedule
