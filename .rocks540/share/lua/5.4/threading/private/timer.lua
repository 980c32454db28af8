--- A thread that calls a function after a time.
-- @classmod threading.Timer
-- @usage
-- local threading = require "threading"
-- local t = threading.Timer(0.01, print, { "ten milliseconds later" })
-- t:start() --> ten milliseconds later
-- t:join()

local _thread = require "threading._thread"
local check = require "threading.private.check"
local thread = require "threading.private.thread"
local standard = require "threading.private.standard"
local table = standard.table
local rawget, type = rawget, type

local USAGE <const> = "write `Timer(interval, fn, args)`"

local Timer = thread.Thread:extend "Timer"

--- How long it waits, in seconds.
-- @field interval

--- What it calls.
-- @field fn

--- With these arguments.
-- @field args

--- And this table behind them, if there is one.
-- @field kwargs

--- An Event, set when the function was called, or the timer was cancelled.
-- @field finished

local function check_self(self)
  if type(self) ~= "table" or not rawget(self, "finished") then
    _thread._bad_self(self, "threading.Timer")
  end
end

--- Makes a timer; `Timer(interval, fn, args)` calls it, then `start`.
-- @tparam number interval seconds; less than 0 is 0, `math.huge` never
-- @tparam function fn called when the time is over
-- @tparam[opt] table args the arguments; `n` counts trailing nils
-- @tparam[opt] table kwargs one argument more, behind args
-- @raise if an argument is of the wrong type
-- @usage threading.Timer(0.5, print, { "half a second later" }):start()
function Timer:init(interval, fn, args, kwargs)
  check.expect(check.is_timeout(interval), "interval", "number of seconds",
    interval, USAGE)
  check.expect(check.is_callable(fn), "fn", "callable", fn, USAGE)
  check.args(args, "args", "Timer")
  check.table(kwargs, "kwargs", "Timer")
  thread.Thread.init(self)
  self.interval, self.fn = interval, fn
  self.args, self.kwargs = args or {}, kwargs
  self.finished = _thread.event()
end

--- Waits, then calls the function.
-- @raise what the function raises
function Timer:run()
  check_self(self)
  self.finished:wait(self.interval)
  if not self.finished:is_set() then
    local args = thread.with_kwargs(self.args, self.kwargs)
    self.fn(table.unpack(args, 1, args.n or #args))
    self.finished:set()
  end
end

--- Keeps the function from being called, if it is not yet. Ends the thread.
function Timer:cancel()
  check_self(self)
  self.finished:set()
end

_thread._public(Timer)

return Timer
