-- crossqueue.lua KIND: items per second through a queue, from a thread of one
-- interpreter to one of another.
local interpreters = require "threading.interpreters"
local now = require "probe".now

local kind = arg[1]
local ITEMS <const> = kind == "integers" and 2000000
  or kind == "records" and 400000 or 10000

local produce = {}

function produce.integers(q, n)
  for i = 1, n do
    q:put(i)
  end
end

function produce.records(q, n)
  for i = 1, n do
    q:put { id = i, name = "name", ok = true }
  end
end

function produce.tables(q, n)
  local numbers = {}
  for i = 1, 1000 do
    numbers[i] = i + 0.5
  end
  for _ = 1, n do
    q:put(numbers)
  end
end

local q = interpreters.create_queue(1000)
local i <close> = interpreters.create()
i:call(require, "threading")
local t = now()
local producer = i:call_in_thread(produce[kind], q, ITEMS)
for _ = 1, ITEMS do
  q:get()
end
print(ITEMS / (now() - t))
producer:join()
