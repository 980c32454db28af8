-- The tables that bench/run.lua prints: a line for each goal of each row. What
-- is measured beside peers has a table of its own.

local scales = {
  s = { { 1, "s" }, { 1e-3, "ms" }, { 1e-6, "µs" }, { 1e-9, "ns" } },
  B = { { 1024, "KiB" } },
  ["B/s"] = { { 1e9, "GB/s" }, { 1e6, "MB/s" } },
  ["/s"] = { { 1e6, "M/s" }, { 1e3, "k/s" }, { 1, "/s" } },
  ["%"] = { { 1, "%" } },
  [""] = { { 1, "" } },
}

local headings = { "what", "ours", "CPython", "C", "Lua beside it", "Lanes",
  "llthreads2", "effil", "ratio", "goal", "met" }
local columns = { ours = 2, cpython = 3, c = 4, base = 5, lanes = 6,
  llthreads2 = 7, effil = 8 }
local RATIO <const>, GOAL <const>, MET <const> = 9, 10, 11

-- The largest scale in which the value is not below 1.
local function scale_of(value, unit)
  local scale
  for _, s in ipairs(scales[unit]) do
    scale = s
    if value >= s[1] then
      break
    end
  end
  return scale
end

local function digits(x)
  return ("%%.%df"):format(x < 10 and 2 or x < 100 and 1 or 0):format(x)
end

local function tell(value, unit)
  local scale = scale_of(value, unit)
  return digits(value / scale[1]) .. " " .. scale[2]
end

local function tell_spread(s, unit)
  local scale = scale_of(s.median, unit)
  return ("%s (%s..%s)"):format(tell(s.median, unit),
    digits(s.low / scale[1]), digits(s.high / scale[1]))
end

-- Between the two nearest.
local function quantile(sorted, q)
  local x = 1 + (#sorted - 1) * q
  local i = math.floor(x)
  local next = sorted[math.min(i + 1, #sorted)]
  return sorted[i] + (next - sorted[i]) * (x - i)
end

-- Median and quartiles of one column; nil if a run failed.
local function spread(runs, column)
  local list = {}
  for _, numbers in ipairs(runs) do
    list[#list + 1] = numbers[column]
  end
  if #list < #runs then
    return nil
  end
  table.sort(list)
  return {
    median = quantile(list, 0.5),
    low = quantile(list, 0.25),
    high = quantile(list, 0.75),
  }
end

local function tell_goal(goal, case, unit)
  local words = {}
  for _, sign in ipairs { ">=", "<=" } do
    local bound = sign == ">=" and goal.least or sign == "<=" and goal.most
    if bound then
      words[#words + 1] = sign .. " "
        .. (goal.to and ("%.3g"):format(bound) or tell(bound, unit))
    end
  end
  local name = goal.to == "base" and case.than or headings[columns[goal.to]]
  return table.concat(words, ", ") .. (goal.to and " x " .. name or "")
end

local function met(goal, value)
  return (not goal.most or value <= goal.most)
    and (not goal.least or value >= goal.least)
end

-- Fills the cells ratio, goal and met of a line.
local function judge(line, goal, case, unit, spreads)
  local value = spreads.ours and spreads.ours.median
  line[GOAL] = tell_goal(goal, case, unit)
  if value and goal.to then
    value = spreads[goal.to] and value / spreads[goal.to].median
    line[RATIO] = value and ("%.3f"):format(value) or ""
  end
  line[MET] = not value and "?" or met(goal, value) and "yes" or "NO"
end

local function blank()
  local line = {}
  for i in ipairs(headings) do
    line[i] = ""
  end
  return line
end

local Report = {}
Report.__index = Report

-- The lines of the case's table.
function Report:lines_of(case)
  return case.peers and self.peers or self.others
end

function Report:add_row(case, row, column, runs, why)
  local lines = self:lines_of(case)
  local line, unit, spreads = blank(), row[2], {}
  line[1], line[2] = row[1], why or ""
  for who, list in pairs(runs) do
    local s = spread(list, column)
    spreads[who] = s
    line[columns[who]] = s and tell_spread(s, unit) or "failed"
  end
  for i = 3, math.max(3, #row) do
    if row[i] then
      judge(line, row[i], case, unit, spreads)
    end
    lines[#lines + 1] = line
    line = blank()
  end
end

-- Adds the rows of a case: all runs of each contestant, or why there are none.
function Report:add(case, runs, why)
  for column, row in ipairs(case) do
    self:add_row(case, row, column, runs, why)
  end
end

-- The lines below their headings, without the columns that have nothing else.
local function squeeze(lines)
  local out = { {} }
  for n in ipairs(lines) do
    out[n + 1] = {}
  end
  for i, heading in ipairs(headings) do
    local filled = false
    for _, line in ipairs(lines) do
      filled = filled or line[i] ~= ""
    end
    for n, cells in ipairs(filled and out or {}) do
      table.insert(cells, n == 1 and heading or lines[n - 1][i])
    end
  end
  return out
end

local function pad(text, width)
  return text .. (" "):rep(width - utf8.len(text))
end

local function widths_of(lines)
  local widths = {}
  for _, line in ipairs(lines) do
    for i, text in ipairs(line) do
      widths[i] = math.max(widths[i] or 0, utf8.len(text))
    end
  end
  return widths
end

local function markdown(lines)
  local widths, out = widths_of(lines), {}
  local rule = {}
  for i, width in ipairs(widths) do
    rule[i] = ("-"):rep(width)
  end
  table.insert(lines, 2, rule)
  for n, line in ipairs(lines) do
    local cells = {}
    for i, text in ipairs(line) do
      cells[i] = pad(text, widths[i])
    end
    out[n] = "| " .. table.concat(cells, " | ") .. " |"
  end
  return table.concat(out, "\n")
end

-- Markdown that reads as plain text too.
function Report:text(facts)
  local tables = {}
  for _, lines in ipairs { self.others, self.peers } do
    if #lines > 0 then
      tables[#tables + 1] = markdown(squeeze(lines))
    end
  end
  return ([[
# How fast

Medians (quartiles) of runs taken in turn; ratio: ours to what the goal names.
%s

%s
]]):format(facts, table.concat(tables, "\n\n"))
end

local M = {}

function M.new()
  return setmetatable({ others = {}, peers = {} }, Report)
end

return M
