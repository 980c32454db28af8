-- What an idle interpreter costs in memory, with a thread that waits in it: a
-- hundred of them.
local interpreters = require "threading.interpreters"
local measures = dofile "bench/interpmeasures.lua"
local ready, never = interpreters.create_queue(), interpreters.create_queue()

local function idle(said, waited)
  said:put(true)
  waited:get()
end

local all = {}
measures.memory(function()
  local i = interpreters.create()
  all[#all + 1], all[#all + 2] = i, i:call_in_thread(idle, ready, never)
  ready:get()
end)
