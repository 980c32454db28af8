--- Queues, after Python's `queue`.
-- @module threading.queue
-- @usage
-- local queue = require "threading.queue"
-- local q = queue.Queue(10)
-- threading.Thread { target = function()
--   for item in q:items() do
--     print(item)
--     q:task_done()
--   end
-- end }:start()
-- q:put "hello"
-- q:join()
-- q:shutdown()

local _thread = require "threading._thread"
local missing = require "threading.private.missing"

local queue = {}

--- Makes a queue: first in, first out.
-- @function Queue
-- @tparam[opt=0] integer maxsize how many items it holds at most; 0 or less
-- for no bound
-- @tparam[opt] table options `name`: what reports call it. Both may be given as
-- a table: `{maxsize = ..., name = ...}`
-- @treturn Queue
-- @raise if maxsize is not an integer, or an option is unknown
queue.Queue = _thread.queue

--- Makes a queue: last in, first out.
-- @function LifoQueue
-- @tparam[opt=0] integer maxsize how many items it holds at most; 0 or less
-- for no bound
-- @tparam[opt] table options `name`: what reports call it. Both may be given as
-- a table: `{maxsize = ..., name = ...}`
-- @treturn Queue
-- @raise if maxsize is not an integer, or an option is unknown
queue.LifoQueue = _thread.lifo_queue

--- Makes a queue whose least item comes out first, compared by `<`. Items
-- that are equal come out in no particular order.
-- @function PriorityQueue
-- @tparam[opt=0] integer maxsize how many items it holds at most; 0 or less
-- for no bound
-- @tparam[opt] table options `name`: what reports call it. Both may be given as
-- a table: `{maxsize = ..., name = ...}`
-- @treturn Queue
-- @raise if maxsize is not an integer, or an option is unknown
queue.PriorityQueue = _thread.priority_queue

--- Makes a simple queue: first in, first out, without bound, `task_done` or
-- `shutdown`.
-- @function SimpleQueue
-- @tparam[opt] table options `name`: what reports call it
-- @treturn SimpleQueue
-- @raise if an option is unknown or of the wrong type
queue.SimpleQueue = _thread.simple_queue

_thread._public(queue)

return missing.module(queue, "threading.queue")
