-- One idea: an endless loop in Lua keeps one core busy, however many threads
-- run it; the same loop in C, without Lua's global lock, keeps all of them.

local time, threading = require "threading.time", require "threading"
local loops = require "threading.loops"

local SECONDS = 2
local cores = threading.cpu_count()
local stop = false

local function loop()
  local x = 0
  while not stop do
    x = x ~ 1
  end
end

-- Starts as many threads as there are cores and calls `wait`; prints the CPU
-- use until they have ended, as a process monitor does: 100 % is one core.
local function measure(title, target, wait)
  local wall, cpu = time.monotonic(), time.process_time()
  local threads = {}
  for i = 1, cores do
    local t = threading.Thread { target = target, args = { SECONDS } }
    t:start()
    threads[i] = t
  end
  wait()
  for _, t in ipairs(threads) do
    t:join()
  end
  wall, cpu = time.monotonic() - wall, time.process_time() - cpu
  print(("%s: %d threads, %.0f %% CPU"):format(title, cores, 100 * cpu / wall))
end

measure("endless loops in Lua", loop, function()
  time.sleep(SECONDS)
  stop = true
end)

measure("endless loops in C", loops.spin, function() end)

print("Lua: the threads share one Lua state, and one at a time may run in it.")
print("C: loops.spin lets go of the Lua state, so that each has its own core.")
