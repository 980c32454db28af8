-- An interpreter with a thread of its own that does nothing, from its making to
-- its closing, one after the other.
local interpreters = require "threading.interpreters"
local measures = dofile "bench/interpmeasures.lua"

local function nothing() end

measures.turns(function(n)
  for _ = 1, n do
    local i = interpreters.create()
    i:call_in_thread(nothing):join()
    i:close()
  end
end, 500, 50)
