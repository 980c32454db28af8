-- busted under the Lua that runs this file. A system's `busted` command may
-- belong to another Lua.

-- How often threads take turns, in seconds: a spec that holds only because
-- they seldom do fails at 0.00005.
local interval = tonumber(os.getenv "THREADING_TEST_INTERVAL")
if interval then
  require "threading".setswitchinterval(interval)
end

if not pcall(require, "lfs") then
  dofile "tools/busted-alone.lua"
end
require "busted.runner" { standalone = false }
