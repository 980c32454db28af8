-- kernelloop.lua one|all: a loop in a kernel, on one core or on all of them;
-- turns in a second, of all together.
local threading = require "threading"
local now = require "probe".now
local N <const> = 100000000
local threads = arg[1] == "all" and threading.cpu_count() or 1

local f <close> = io.open "bench/cases/kernelloop.h"
local k = threading.kernel(f:read "a")
k.turns(N // 100) -- warm

local t = now()
threading.parallel_for(1, threads, function()
  k.turns(N)
end, threads)
print(threads * N / (now() - t))
