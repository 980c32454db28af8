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

print "both threads ended"

-- Without the barrier it is up to chance. Explored, it is not: which thread
-- runs when is tried until there is a deadlock, and the shortest way there is
-- shown.

local explore = require "threading.explore"

local function both(first, second)
  return function()
    local _ <close> = first:guard()
    local _ <close> = second:guard()
  end
end

local function program(order_1, order_2)
  return function()
    local one = threading.Thread { name = "one", target = order_1 }
    local other = threading.Thread { name = "other", target = order_2 }
    one:start()
    other:start()
    one:join()
    other:join()
  end
end

print "\nlocks in different orders:"
local wrong = program(both(lock_a, lock_b), both(lock_b, lock_a))
print(explore.run(wrong).report)

-- The cure: take the locks in the same order everywhere.
print "\nlocks in the same order:"
local right = program(both(lock_a, lock_b), both(lock_a, lock_b))
print(explore.run(right).report)
