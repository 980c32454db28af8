-- crossqueue.lua KIND: items per second through a queue, from a thread of one
-- interpreter to one of another.
local interpreters = require "threading.interpreters"
local now = require "probe".now
local produce = dofile("bench/interploops.lua").produce

local kind = arg[1]
local ITEMS <const> = kind == "integers" and 2000000
  or kind == "records" and 400000 or 10000

local q = interpreters.create_queue(1000)
local i <close> = interpreters.create()
i:call(require, "threading")
local t = now()
local producer = i:call_in_thread(produce[kind], q, "put", ITEMS)
for _ = 1, ITEMS do
  q:get()
end
print(ITEMS / (now() - t))
producer:join()
