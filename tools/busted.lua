-- busted under the Lua that runs this file. A system's `busted` command may
-- belong to another Lua.

-- How often threads take turns, in seconds: a spec that holds only because
-- they seldom do fails at 0.00005.
local interval = tonumber(os.getenv "THREADING_TEST_INTERVAL")
if interval then
  require "threading".setswitchinterval(interval)
end

-- tools/test wants to know of a test that hangs what its threads do.
local found, threading = pcall(require, "threading")
if found then
  threading.dump_on_signal "USR2"
end

if not pcall(require, "lfs") then
  dofile "tools/busted-alone.lua"
end
require "busted.runner" { standalone = false }
