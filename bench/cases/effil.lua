-- effil.lua KIND ...: what the interp and crossqueue programs measure, with
-- effil, in Lua 5.3.
local effil = require "effil"
local loops = dofile "bench/interploops.lua"
local measures = dofile "bench/interpmeasures.lua"
local now = require "probe".now

local measure = {}

local function nothing() end

function measure.start()
  local make = effil.thread(nothing)
  measures.turns(function(n)
    for _ = 1, n do
      make():wait()
    end
  end, 500, 50)
end

function measure.memory()
  local ready, never, all = effil.channel(), effil.channel(), {}
  local make = effil.thread(function(said, waited)
    said:push(true)
    waited:pop()
  end)
  measures.memory(function()
    all[#all + 1] = make(ready, never)
    ready:pop()
  end)
end

function measure.cores(count, kind)
  local ready, go, all = effil.channel(), effil.channel(), {}
  local make = effil.thread(function(loop, turns, said, told)
    loop(turns // 10)
    said:push(true)
    told:pop()
    loop(turns)
  end)
  local turns = loops.turns[kind]
  measures.cores(tonumber(count), turns, {
    start = function(k) all[k] = make(loops[kind], turns, ready, go) end,
    ready = function() ready:pop() end,
    go = function() go:push(true) end,
    join = function(k) all[k]:wait() end,
  })
end

-- Items per second through a channel without a bound: one that is full refuses
-- an item, and does not wait.
local function queue(kind, items)
  local channel = effil.channel()
  local t = now()
  local producer = effil.thread(loops.produce[kind])(channel, "push", items)
  for _ = 1, items do
    channel:pop()
  end
  print(items / (now() - t))
  producer:wait()
end

function measure.integers()
  queue("integers", 1000000)
end

function measure.records()
  queue("records", 30000)
end

function measure.tables()
  queue("tables", 500)
end

measure[arg[1]](table.unpack(arg, 2))
