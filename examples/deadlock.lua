-- One idea: two threads that take two locks in opposite order can wait for
-- each other for ever. Here each waits with a timeout, and the first to give
-- up lets the other go on.

local time, threading = require "threading.time", require "threading"

local lock_a, lock_b = threading.Lock(), threading.Lock()
local holds = {} -- which thread has its first lock

local function say(text, ...)
  print(threading.current_thread().name .. " " .. text:format(...))
end

-- Comes back when both threads hold one lock. Without it the deadlock comes
-- only now and then, which makes such an error hard to find.
local function unlucky_moment()
  holds[threading.current_thread().name] = true
  while not (holds.t1 and holds.t2) do
    time.sleep(0.01)
  end
end

local function run_thread(first, first_name, second, second_name, timeout)
  local _ <close> = first:guard()
  say("holds %s", first_name)
  unlucky_moment()
  say("wants %s, which the other thread holds", second_name)
  if second:acquire(true, timeout) then
    say("got %s, and holds both", second_name)
    second:release()
  else
    say("gives up after %g s, and releases %s", timeout, first_name)
  end
end

local t1 = threading.Thread {
  name = "t1", target = run_thread, args = { lock_a, "A", lock_b, "B", 1 },
}
local t2 = threading.Thread {
  name = "t2", target = run_thread, args = { lock_b, "B", lock_a, "A", 60 },
}
t1:start()
t2:start()
t1:join()
t2:join()

-- The cure: take the locks in the same order everywhere.
print("both threads ended; without the timeouts they would wait for ever")
