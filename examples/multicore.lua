-- One idea: an endless loop in Lua keeps one core busy, however many threads
-- run it; the same loop in C, without Lua's global lock, keeps all of them.

local time, threading = require "threading.time", require "threading"

local SECONDS = 2
local cores = threading.cpu_count()
local stop = false

local function loop()
  local x = 0
  while not stop do
    x = x ~ 1
  end
end

local k = threading.kernel [[
  void loop(_Atomic int64_t *stop) {
    volatile int x = 0;
    while (!*stop && !threading_stopping()) x = x ^ 1;
  }
]]

-- Starts as many threads as there are cores and stops them after a while;
-- prints the CPU use, as a process monitor does: 100 % is one core.
local function measure(title, stop_it, target, ...)
  local wall, cpu = time.monotonic(), time.process_time()
  local threads = {}
  for i = 1, cores do
    local t = threading.Thread { target = target, args = { ... } }
    t:start()
    threads[i] = t
  end
  time.sleep(SECONDS)
  stop_it()
  for _, t in ipairs(threads) do
    t:join()
  end
  wall, cpu = time.monotonic() - wall, time.process_time() - cpu
  print(("%s: %d threads, %.0f %% CPU"):format(title, cores, 100 * cpu / wall))
end

measure("endless loops in Lua", function()
  stop = true
end, loop)

local stopped = threading.Value "int64"
measure("endless loops in C", function()
  stopped.value = 1
end, k.loop, stopped)

print("Lua: the threads share one Lua state, and one at a time may run in it.")
print("C: a kernel lets go of the Lua state, so that each has its own core.")
