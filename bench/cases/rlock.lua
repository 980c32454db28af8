-- rlock.lua RLock|Lock: an RLock that is held already, or a free Lock.
local threading = require "threading"
local now = require "probe".now
local N <const> = 2000000

local function run()
  local lock = threading[arg[1]]()
  if arg[1] == "RLock" then
    lock:acquire()
  end
  for _ = 1, N do
    lock:acquire()
    lock:release()
  end
end

local t = now()
run()
print((now() - t) / N)
