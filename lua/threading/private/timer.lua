--- A thread that calls a function after a time.
-- @classmod threading.Timer

local _thread = require "threading._thread"
local check = require "threading.private.check"
local thread = require "threading.private.thread"
local standard = require "threading.private.standard"
local table = standard.table
local rawget, type = rawget, type

local Timer = thread.Thread:extend "Timer"

--- How long it waits, in seconds.
-- @field interval

--- What it calls.
-- @field fn

--- With these arguments.
-- @field args

--- An Event, set when the function was called, or the timer was cancelled.
-- @field finished

local function check_self(self)
  check.expect(type(self) == "table" and rawget(self, "finished"), "self",
    "Timer", self)
end

--- Makes a timer; `Timer(interval, fn, args)` calls it, then `start`.
-- @tparam number interval seconds; less than 0 is 0, `math.huge` never
-- @tparam function fn
-- @tparam[opt] table args the arguments; `n` counts trailing nils
-- @raise if an argument is of the wrong type
function Timer:init(interval, fn, args)
  check.expect(check.is_timeout(interval), "interval", "number of seconds",
    interval)
  check.expect(check.is_callable(fn), "fn", "callable", fn)
  check.args(args)
  thread.Thread.init(self)
  self.interval, self.fn, self.args = interval, fn, args or {}
  self.finished = _thread.event()
end

--- Waits, then calls the function.
-- @raise what the function raises
function Timer:run()
  check_self(self)
  self.finished:wait(self.interval)
  if not self.finished:is_set() then
    self.fn(table.unpack(self.args, 1, self.args.n or #self.args))
    self.finished:set()
  end
end

--- Keeps the function from being called, if it is not yet. Ends the thread.
function Timer:cancel()
  check_self(self)
  self.finished:set()
end

return Timer
