-- How interpreters and their peers are measured alike: each library says how it
-- starts, passes and waits. It runs in Lua 5.3, too.

local probe = require "probe"
local now, memory = probe.now, probe.memory

local M = {}

-- Prints the seconds of each of the n turns that run(n) makes, after a few that
-- do not count.
function M.turns(run, n, few)
  run(few)
  local t = now()
  run(n)
  print((now() - t) / n)
end

-- Prints the memory of one of a hundred that start() starts, and keeps; ends
-- the program.
function M.memory(start)
  local N = 100
  start() -- what only the first one costs is not one's
  local before = memory()
  for _ = 1, N do
    start()
  end
  print((memory() - before) / N)
  os.exit(0, false)
end

-- Prints how many turns per second n loops make together, of so many turns
-- each: it.start(k) starts number k, which warms up, it.ready() waits until one
-- has, it.go() lets one begin, and it.join(k) waits for the end of number k.
function M.cores(n, turns, it)
  for k = 1, n do
    it.start(k)
  end
  for _ = 1, n do
    it.ready()
  end
  local t = now()
  for _ = 1, n do
    it.go()
  end
  for k = 1, n do
    it.join(k)
  end
  print(n * turns / (now() - t))
end

return M
