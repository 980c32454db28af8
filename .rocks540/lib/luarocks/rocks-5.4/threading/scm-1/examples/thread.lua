-- One idea: a thread runs a function beside the main thread, and join()
-- waits for its end. It prints:
--
--   thread MainThread is running...
--   thread LoopThread is running...
--   thread LoopThread >>> 1
--   thread LoopThread >>> 2
--   thread LoopThread >>> 3
--   thread LoopThread >>> 4
--   thread LoopThread >>> 5
--   thread LoopThread ended.
--   thread MainThread ended.

local time, threading = require "threading.time", require "threading"

-- The code that the new thread runs:
local function loop()
  print(("thread %s is running..."):format(threading.current_thread().name))
  local n = 0
  while n < 5 do
    n = n + 1
    print(("thread %s >>> %s"):format(threading.current_thread().name, n))
    time.sleep(1)
  end
  print(("thread %s ended."):format(threading.current_thread().name))
end

print(("thread %s is running..."):format(threading.current_thread().name))
local t = threading.Thread { target = loop, name = "LoopThread" }
t:start()
t:join()
print(("thread %s ended."):format(threading.current_thread().name))
