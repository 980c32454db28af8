-- stress.lua [seconds [seed [threads]]]: random programs over everything that
-- the library has, one after another, each with a check at its end. Says "ok"
-- and what it did; or, with the seed of the program that failed, what is
-- wrong. A seed gives the same programs again, though not the same switches.
--
-- Most loops allocate now and then: ThreadSanitizer holds a signal back until
-- the thread calls something that it knows.

local _thread = require "threading._thread"
local run = require "tools.stress.program"
local threading = require "threading"
local time = require "threading.time"

local seconds = tonumber(arg[1]) or 5
local seed = math.tointeger(tonumber(arg[2])) or os.time()
local most = math.tointeger(tonumber(arg[3])) or 8

local function resident_kib()
  local f <close> = io.open "/proc/self/statm"
  return f and select(2, f:read("n", "n")) * 4 or 0
end

local stop, programs, threads = time.monotonic() + seconds, 0, 0
print(("stress: seed %d"):format(seed))
repeat
  threads = threads + run(seed + programs, most)
  programs = programs + 1
until time.monotonic() > stop

-- Daemons whom the end finds asleep.
for _ = 1, 5 do
  threading.Thread { daemon = true, target = function()
    while true do
      pcall(time.sleep, 0.001)
    end
  end }:start()
end
print(("ok: %d programs, %d threads, %d switches, %d KiB in use"):format(
  programs, threads, _thread._switches(), resident_kib()))
