-- llthreads2.lua start: what interpstart.lua measures, with
-- llthreads2, which has neither queues nor functions that cross.
local llthreads = require "llthreads"
local measures = dofile "bench/interpmeasures.lua"

local measure = {}

function measure.start()
  measures.turns(function(n)
    for _ = 1, n do
      llthreads.new("", nil):start():join()
    end
  end, 500, 50)
end

measure[arg[1]](table.unpack(arg, 2))
