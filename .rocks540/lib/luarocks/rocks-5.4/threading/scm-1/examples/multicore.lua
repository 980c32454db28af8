-- One idea: an endless loop in Lua keeps one core busy, however many threads
-- run it. The same loop keeps all of them when it is compiled, or in C: it
-- then runs without Lua's global lock.

local time, threading = require "threading.time", require "threading"

local SECONDS = 2
local cores = threading.cpu_count()

local function loop()
  local x = 0
  while true do
    x = x ~ 1
  end
end

local k = threading.kernel [[
  void loop(void) {
    volatile int x = 0;
    while (!threading_stopping()) x = x ^ 1;
  }
]]

-- Starts as many threads as there are cores and cancels them after a while;
-- prints the CPU use, as a process monitor does: 100 % is one core.
local function measure(title, target)
  local wall, cpu = time.monotonic(), time.process_time()
  local threads = {}
  for i = 1, cores do
    threads[i] = threading.Thread { target = target }
    threads[i]:start()
  end
  time.sleep(SECONDS)
  for _, t in ipairs(threads) do
    t:cancel { asynchronous = true }
  end
  for _, t in ipairs(threads) do
    t:join()
  end
  wall, cpu = time.monotonic() - wall, time.process_time() - cpu
  print(("%s: %d threads, %.0f %% CPU"):format(title, cores, 100 * cpu / wall))
end

measure("endless loops in Lua", loop)
measure("the same, compiled", threading.compile(loop))
measure("endless loops in C", k.loop)

print("Lua: the threads share one Lua state, and one at a time may run in it.")
print("Compiled, or C: the threads let go of the Lua state; each has a core.")
