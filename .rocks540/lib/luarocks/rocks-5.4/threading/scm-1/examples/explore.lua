-- One idea: a race goes wrong once in a million runs, and then elsewhere. Which
-- thread runs when is chosen here, again and again, until the program fails.
-- What is shown is the shortest way there, which can be replayed.

local explore = require "threading.explore"
local threading = require "threading"

local function program(change_it)
  balance = 0
  local t1 = threading.Thread { target = change_it, args = { 5 } }
  local t2 = threading.Thread { target = change_it, args = { 8 } }
  t1:start()
  t2:start()
  t1:join()
  t2:join()
  -- The program says itself what is right. A schedule fails by any error:
  assert(balance == 0, "balance is " .. balance)
end

local function change_it(n)
  balance = balance + n
  balance = balance - n
end

local lock = threading.Lock()

local function change_it_under_lock(n)
  local _ <close> = lock:guard()
  change_it(n)
end

print "without a lock:"
print(explore.run(function() program(change_it) end).report)
print()
print "with a lock:"
print(explore.run(function() program(change_it_under_lock) end).report)
