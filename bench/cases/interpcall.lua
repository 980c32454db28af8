-- Calls of a function that does nothing, in another interpreter.
local interpreters = require "threading.interpreters"
local measures = dofile "bench/interpmeasures.lua"

local function nothing() end

local i <close> = interpreters.create()
measures.turns(function(n)
  for _ = 1, n do
    i:call(nothing)
  end
end, 100000, 1000)
