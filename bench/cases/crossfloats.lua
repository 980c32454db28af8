-- A table of a million floats, from one interpreter to another.
local interpreters = require "threading.interpreters"
local now = require "probe".now

local function take(list, said)
  said:put(true)
  said:put(#list:get())
end

local numbers = {}
for i = 1, 1000000 do
  numbers[i] = i + 0.5
end

local list, said = interpreters.create_queue(), interpreters.create_queue(1)
local i <close> = interpreters.create()
local taker = i:call_in_thread(take, list, said)
said:get()
local t = now()
list:put(numbers)
said:get()
print(now() - t)
taker:join()
