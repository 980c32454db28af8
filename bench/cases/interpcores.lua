-- interpcores.lua all|one numbers|tables: a loop of Lua, in an interpreter per
-- core, or in one; turns per second of all together.
local interpreters, threading =
  require "threading.interpreters", require "threading"
local measures = dofile "bench/interpmeasures.lua"
local loops = dofile "bench/interploops.lua"

local all, kind = arg[1] == "all", arg[2]
local ready, go = interpreters.create_queue(), interpreters.create_queue()

local function run(loop, turns, said, told)
  loop(turns // 10)
  said:put(true)
  told:get()
  loop(turns)
end

local threads, turns = {}, loops.turns[kind]
measures.cores(all and threading.cpu_count() or 1, turns, {
  start = function(k)
    threads[k] = interpreters.create():call_in_thread(run, loops[kind], turns,
      ready, go)
  end,
  ready = function() ready:get() end,
  go = function() go:put(true) end,
  join = function(k) threads[k]:join() end,
})
