-- compilecores.lua one|all: the document's loop x = x ~ 1, compiled, on one
-- core or on all of them; turns in a second, of all together.
local threading = require "threading"
local now = require "probe".now
local N <const> = 2000000000
local threads = arg[1] == "all" and threading.cpu_count() or 1

local loop = threading.compile(dofile "bench/programs.lua".xor)
loop(N // 100) -- warm

local t = now()
threading.parallel_for(1, threads, function()
  loop(N)
end, threads)
print(threads * N / (now() - t))
