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

local queue = {}

--- Makes a queue: first in, first out.
-- @function Queue
-- @tparam[opt=0] integer maxsize how many items it holds at most; 0 or less
-- for no bound
-- @treturn Queue
-- @raise if maxsize is not an integer
queue.Queue = _thread.queue

--- Makes a queue: last in, first out.
-- @function LifoQueue
-- @tparam[opt=0] integer maxsize how many items it holds at most; 0 or less
-- for no bound
-- @treturn Queue
-- @raise if maxsize is not an integer
queue.LifoQueue = _thread.lifo_queue

--- Makes a queue whose least item comes out first, compared by `<`. Items
-- that are equal come out in no particular order.
-- @function PriorityQueue
-- @tparam[opt=0] integer maxsize how many items it holds at most; 0 or less
-- for no bound
-- @treturn Queue
-- @raise if maxsize is not an integer
queue.PriorityQueue = _thread.priority_queue

--- Makes a simple queue: first in, first out, without bound, `task_done` or
-- `shutdown`.
-- @function SimpleQueue
-- @treturn SimpleQueue
queue.SimpleQueue = _thread.simple_queue

_thread._public(queue)

return queue
