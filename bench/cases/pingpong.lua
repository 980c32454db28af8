-- pingpong.lua Condition|Event|Semaphore: two threads that take turns; the
-- time of a round trip.
local threading = require "threading"
local now = require "probe".now
local N <const> = 5000

-- Each returns what the two threads do in a turn.
local kinds = {}

function kinds.Condition()
  local cond, turn = threading.Condition(), 1
  return function(me)
    cond:acquire()
    while turn ~= me do
      cond:wait()
    end
    turn = 3 - me
    cond:notify()
    cond:release()
  end
end

function kinds.Event()
  local events = { threading.Event(), threading.Event() }
  events[1]:set()
  return function(me)
    events[me]:wait()
    events[me]:clear()
    events[3 - me]:set()
  end
end

function kinds.Semaphore()
  local sems = { threading.Semaphore(1), threading.Semaphore(0) }
  return function(me)
    sems[me]:acquire()
    sems[3 - me]:release()
  end
end

local turn = kinds[arg[1]]()

local function play(me)
  for _ = 1, N do
    turn(me)
  end
end

local other = threading.Thread { target = play, args = { 2 } }
local t = now()
other:start()
play(1)
other:join()
print((now() - t) / N)
