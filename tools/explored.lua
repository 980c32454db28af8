-- explored.lua: how soon threading.explore finds the classic bugs of
-- spec/explore, as a table in docs/testing.md.

local bugs = require "spec.explore"
local explore = require "threading.explore"

local PAGE <const> = "docs/testing.md"
local BEGIN <const>, END <const> = "<!-- made: found -->\n", "<!-- end -->"
local SEEDS <const> = 20

local function median(list)
  table.sort(list)
  return (list[SEEDS // 2] + list[SEEDS // 2 + 1]) / 2
end

local function row(bug)
  local tried, preemptions, replays = {}, {}, {}
  for seed = 1, SEEDS do
    local r = explore.run(bug.wrong, { seed = seed })
    assert(not r.ok, bug.name .. " is not found")
    tried[seed], preemptions[seed] = r.tried, r.preemptions
    replays[seed] = r.shrunk.replays
  end
  local right = explore.run(bug.right)
  assert(right.ok, right.report)
  local middle = median(tried)
  local points = right.report:match "any of (%d+) points"
  return ("| %s | %g | %d | %d | %g | %g | %s |"):format(bug.name,
    middle, tried[SEEDS], bug.prototype, median(preemptions), median(replays),
    points or "-")
end

local function table_of()
  local lines = {
    "| bug | schedules | at most | prototype | preemptions | replays "
      .. "| points |",
    "|---|---|---|---|---|---|---|",
  }
  for _, bug in ipairs(bugs) do
    lines[#lines + 1] = row(bug)
  end
  return table.concat(lines, "\n") .. "\n"
end

local file <close> = assert(io.open(PAGE, "r+"))
local text = file:read "a"
local from = select(2, text:find(BEGIN, 1, true))
local to = text:find(END, from, true)
file:seek "set"
file:write(text:sub(1, from), table_of(), text:sub(to))
