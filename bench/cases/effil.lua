-- effil.lua KIND ...: what the interp and crossqueue programs measure, with
-- effil, in Lua 5.3.
local effil = require "effil"
local loops = dofile "bench/interploops.lua"
local probe = require "probe"
local now, memory = probe.now, probe.memory

local measure = {}

local function nothing() end

function measure.start()
  local N = 500
  local make = effil.thread(nothing)
  local function run(n)
    for _ = 1, n do
      make():wait()
    end
  end
  run(50)
  local t = now()
  run(N)
  print((now() - t) / N)
end

function measure.memory()
  local N = 100
  local ready, never, all = effil.channel(), effil.channel(), {}
  local make = effil.thread(function(said, waited)
    said:push(true)
    waited:pop()
  end)
  local function start()
    all[#all + 1] = make(ready, never)
    ready:pop()
  end
  start()
  local before = memory()
  for _ = 1, N do
    start()
  end
  print((memory() - before) / N)
  os.exit(0, false)
end

function measure.cores(count, kind)
  local ready, go, all = effil.channel(), effil.channel(), {}
  local make = effil.thread(function(loop, turns, said, told)
    loop(turns // 10)
    said:push(true)
    told:pop()
    loop(turns)
  end)
  local n, turns = tonumber(count), loops.turns[kind]
  for k = 1, n do
    all[k] = make(loops[kind], turns, ready, go)
  end
  for _ = 1, n do
    ready:pop()
  end
  local t = now()
  for _ = 1, n do
    go:push(true)
  end
  for k = 1, n do
    all[k]:wait()
  end
  print(n * turns / (now() - t))
end

local produce = {}

function produce.integers(channel, n)
  for i = 1, n do
    channel:push(i)
  end
end

function produce.records(channel, n)
  for i = 1, n do
    channel:push { id = i, name = "name", ok = true }
  end
end

function produce.tables(channel, n)
  local numbers = {}
  for i = 1, 1000 do
    numbers[i] = i + 0.5
  end
  for _ = 1, n do
    channel:push(numbers)
  end
end

-- Items per second through a channel, whose bound does not make who puts wait.
local function queue(kind, items)
  local channel = effil.channel()
  local t = now()
  local producer = effil.thread(produce[kind])(channel, items)
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
