--- Sleeping and clocks, after Python's `time`.
-- @module threading.time
-- @usage
-- local time = require "threading.time"
--
-- local start = time.monotonic()
-- time.sleep(0.01) -- the other threads run meanwhile
-- print(time.monotonic() - start >= 0.01) --> true

local _thread = require "threading._thread"
local missing = require "threading.private.missing"

local time = {}

--- Lets the other threads run for this long.
-- @function sleep
-- @tparam number secs seconds, not negative; `math.huge` is for ever
-- @raise if secs is no such number; "interrupted!" on Ctrl-C
time.sleep = _thread.time.sleep

--- Seconds since 1970.
-- @function time
-- @treturn number
time.time = _thread.time.time

--- Seconds on a clock that never goes back.
-- @function monotonic
-- @treturn number
time.monotonic = _thread.time.monotonic

--- The clock with the highest resolution.
-- @function perf_counter
-- @treturn number seconds
time.perf_counter = _thread.time.perf_counter

--- CPU time of the calling thread.
-- @function thread_time
-- @treturn number seconds
time.thread_time = _thread.time.thread_time

--- CPU time of the process, all threads together.
-- @function process_time
-- @treturn number seconds
time.process_time = _thread.time.process_time

_thread._public(time)

return missing.module(time, "threading.time") --[[@as threading.time]]
