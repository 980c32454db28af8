-- interpcores.lua all|one numbers|tables: a loop of Lua, in an interpreter per
-- core, or in one; turns per second of all together.
local interpreters, threading =
  require "threading.interpreters", require "threading"
local now = require "probe".now
local loops = dofile "bench/interploops.lua"

local all, kind = arg[1] == "all", arg[2]
local ready, go = interpreters.create_queue(), interpreters.create_queue()

local function run(loop, turns, said, told)
  loop(turns // 10)
  said:put(true)
  told:get()
  loop(turns)
end

local threads = {}
for k = 1, all and threading.cpu_count() or 1 do
  threads[k] = interpreters.create():call_in_thread(run, loops[kind],
    loops.turns[kind], ready, go)
end
for _ = 1, #threads do
  ready:get()
end
local t = now()
for _ = 1, #threads do
  go:put(true)
end
for _, thread in ipairs(threads) do
  thread:join()
end
print(#threads * loops.turns[kind] / (now() - t))
