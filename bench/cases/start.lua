-- Threads that do nothing, made, started and joined one after the other.
local threading = require "threading"
local measures = dofile "bench/interpmeasures.lua"

local function nothing() end

measures.turns(function(n)
  for _ = 1, n do
    local t = threading.Thread { target = nothing }
    t:start()
    t:join()
  end
end, 2000, 100)
