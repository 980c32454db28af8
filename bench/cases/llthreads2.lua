-- llthreads2.lua start: what interpstart.lua measures, with
-- llthreads2, which has neither queues nor functions that cross.
local llthreads = require "llthreads"
local now = require "probe".now

local measure = {}

function measure.start()
  local N <const> = 500
  local function run(n)
    for _ = 1, n do
      llthreads.new("", nil):start():join()
    end
  end
  run(50)
  local t = now()
  run(N)
  print((now() - t) / N)
end

measure[arg[1]](table.unpack(arg, 2))
