-- lanes.lua KIND ...: what the interp and crossqueue programs measure, with
-- Lua Lanes 4.
local lanes = require "lanes".configure()
local loops = dofile "bench/interploops.lua"
local measures = dofile "bench/interpmeasures.lua"
local now = require "probe".now

local measure = {}

local function nothing() end

function measure.start()
  local make = lanes.gen("*", nothing)
  measures.turns(function(n)
    for _ = 1, n do
      make():join()
    end
  end, 500, 50)
end

function measure.memory()
  local linda, all = lanes.linda(), {}
  local make = lanes.gen("*", function()
    linda:send("ready", true)
    linda:receive("never")
  end)
  measures.memory(function()
    all[#all + 1] = make()
    linda:receive "ready"
  end)
end

function measure.cores(count, kind)
  local linda, loop, turns = lanes.linda(), loops[kind], loops.turns[kind]
  local make = lanes.gen("*", function()
    loop(turns // 10)
    linda:send("ready", true)
    linda:receive "go"
    loop(turns)
  end)
  local all = {}
  measures.cores(tonumber(count), turns, {
    start = function(k) all[k] = make() end,
    ready = function() linda:receive "ready" end,
    go = function() linda:send("go", true) end,
    join = function(k) all[k]:join() end,
  })
end

-- Items per second through a linda.
local function queue(items, item)
  local linda = lanes.linda()
  linda:limit("item", 1000)
  local t = now()
  local producer = lanes.gen("*", function()
    for i = 1, items do
      linda:send("item", item(i))
    end
  end)()
  for _ = 1, items do
    linda:receive "item"
  end
  print(items / (now() - t))
  producer:join()
end

function measure.integers()
  queue(300000, function(i) return i end)
end

function measure.records()
  queue(100000, function(i)
    return { id = i, name = "name", ok = true }
  end)
end

function measure.tables()
  local numbers = {}
  for i = 1, 1000 do
    numbers[i] = i + 0.5
  end
  queue(3000, function() return numbers end)
end

function measure.floats()
  local linda, numbers = lanes.linda(), {}
  for i = 1, 1000000 do
    numbers[i] = i + 0.5
  end
  local there = lanes.gen("*", function()
    linda:send("ready", true)
    local _, list = linda:receive "list"
    linda:send("ready", #list)
  end)()
  linda:receive "ready"
  local t = now()
  linda:send("list", numbers)
  linda:receive "ready"
  print(now() - t)
  there:join()
end

measure[arg[1]](table.unpack(arg, 2))
