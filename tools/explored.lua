-- explored.lua: how soon threading.explore finds the classic bugs of
-- spec/explore, as a table in docs/testing.md.

local bugs = require "spec.explore"
local explore = require "threading.explore"

local PAGE <const> = "docs/testing.md"
local BEGIN <const>, END <const> = "<!-- made: found -->\n", "<!-- end -->"
local SEEDS <const> = 20

-- Of a list that is sorted.
local function median(list)
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
  for _, list in ipairs { tried, preemptions, replays } do
    table.sort(list)
  end
  local right = explore.run(bug.right)
  assert(right.ok, right.report)
  local points = right.report:match "any of (%d+) points"
  return ("| %s | %g | %d | %d | %g | %g | %s |"):format(bug.name,
    median(tried), tried[SEEDS], bug.prototype, median(preemptions),
    median(replays), points or "-")
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

local function read()
  local file <close> = assert(io.open(PAGE))
  return file:read "a"
end

local text = read()
local from = select(2, text:find(BEGIN, 1, true))
local to = text:find(END, from, true)
local made = table_of()
local file <close> = assert(io.open(PAGE, "w"))
file:write(text:sub(1, from), made, text:sub(to))
