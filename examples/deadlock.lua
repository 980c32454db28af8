-- One idea: with several locks, different threads may hold different ones, and
-- try to get those that the others hold. This can be a deadlock: all these
-- threads hang, they can neither go on nor end, and only the operating system
-- could end them by force. Here the program tells why it hangs, and ends.

local threading = require "threading"

local lock_a, lock_b = threading.Lock(), threading.Lock()
local unlucky_moment = threading.Barrier(2)

local function run_thread(first, second)
  -- First get the one lock:
  local _ <close> = first:guard()
  -- Now the other thread has the other lock. Left to chance this happens now
  -- and then only, which makes such an error hard to find.
  unlucky_moment:wait()
  -- Then get that one too:
  local _ <close> = second:guard()
  print(threading.current_thread().name .. " has both locks")
end

local t1 = threading.Thread {
  name = "t1", target = run_thread, args = { lock_a, lock_b },
}
local t2 = threading.Thread {
  name = "t2", target = run_thread, args = { lock_b, lock_a },
}
t1:start()
t2:start()
t1:join()
t2:join()

-- The last thread to wait got an error, which told who waits for whom. Its
-- guard released its lock, so that the other thread got both.

-- The cure: take the locks in the same order everywhere.
print "both threads ended"
