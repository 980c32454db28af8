-- program.lua [schedules [seed [pattern]]]: explores each scenario whose name
-- the pattern matches, and says what has failed.

local keys = require "tools.keys"
local scenarios = require "tools.explore.scenarios"
local search = require "tools.explore.search"

local schedules = math.tointeger(tonumber(arg[1])) or 6000
local seed = math.tointeger(tonumber(arg[2])) or os.time()
local pattern = arg[3] or ""

print(("%d schedules of each, seed %d"):format(schedules, seed))
local failures = 0
for _, name in ipairs(keys(scenarios)) do
  if name:find(pattern) then
    local failure = search(scenarios[name], schedules, seed)
    print(("%-6s %s"):format(failure and "FAILS" or "holds", name))
    if failure then
      failures = failures + 1
      print(failure)
    end
  end
end
os.exit(failures == 0, true)
