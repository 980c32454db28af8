-- What a search says: a failing schedule with its lines of source, or what was
-- covered without one.

local ours = require "threading.private.ours"
local standard = require "threading.private.standard"
local io, math, string, table = standard.io, standard.math, standard.string,
  standard.table
local _G, ipairs = _G, ipairs

local FIRST <const>, LAST <const> = 4, 10 -- lines of a thread's run
local MOST_RUNS <const> = 60

-- Sources ---------------------------------------------------------------------

local function split(text)
  local lines = {}
  for line in string.gmatch(text .. "\n", "([^\n]*)\n") do
    lines[#lines + 1] = line
  end
  return lines
end

-- The lines of a source, as far as they are known.
local function lines_of(source)
  local first = string.sub(source, 1, 1)
  if first == "@" then
    local file <close> = io.open(string.sub(source, 2))
    return file and split(file:read "a") or {}
  end
  return first == "=" and {} or split(source)
end

-- "race.lua": a source as errors have it.
local function name_of(source)
  local first = string.sub(source, 1, 1)
  if first == "@" or first == "=" then
    return string.sub(source, 2)
  end
  return '[string "' .. string.match(source, "^[^\n]*") .. '"]'
end

-- A function that returns the place, padded, and the text of a line.
local function describer(runs)
  local known, width = {}, 0
  for _, run in ipairs(runs) do
    for _, step in ipairs(run) do
      step.place = name_of(step.source) .. ":" .. step.line
      width = math.max(width, #step.place)
    end
  end
  return function(step)
    local source = step.source
    known[source] = known[source] or lines_of(source)
    return step.place .. string.rep(" ", width - #step.place),
      string.match(known[source][step.line] or "", "^%s*(.-)%s*$")
  end
end

-- The interleaving ------------------------------------------------------------

-- The trace as runs of one thread, without the library's own lines.
local function runs_of(trace)
  local runs, run = {}, nil
  for i = 1, #trace, 4 do
    local thread, source, line, values = trace[i], trace[i + 1], trace[i + 2],
      trace[i + 3]
    if not run or run.thread ~= thread then
      run = { thread = thread }
      runs[#runs + 1] = run
    end
    if not ours.has(source) then
      run[#run + 1] = { source = source, line = line, values = values }
    elseif values then
      run.interrupted = true
    end
  end
  return runs
end

-- Runs that have no line are left out, and those between which nothing is left
-- are one.
local function joined(runs)
  local result = {}
  for _, run in ipairs(runs) do
    local last = result[#result]
    if #run > 0 and last and last.thread == run.thread then
      table.move(run, 1, #run, #last + 1, last)
    elseif #run > 0 then
      result[#result + 1] = run
    end
  end
  return result
end

local function add_line(out, step, describe)
  local place, text = describe(step)
  local note = ""
  if step.values then
    note = "   <- interrupted here"
      .. (step.values ~= "" and "; " .. step.values or "")
  end
  out[#out + 1] = string.format("  %s   %s%s", place, text, note)
end

local function add_run(out, run, names, describe)
  out[#out + 1] = names[run.thread] or "thread " .. run.thread
  for i, step in ipairs(run) do
    if i <= FIRST or i > #run - LAST then
      add_line(out, step, describe)
    elseif i == FIRST + 1 then
      out[#out + 1] = string.format("  ... (%d lines)", #run - FIRST - LAST)
    end
  end
end

-- The last runs are those that lead to the failure.
local function add_trace(out, result)
  local runs = joined(runs_of(result.trace))
  local describe = describer(runs)
  local first = math.max(1, #runs - MOST_RUNS + 1)
  if first > 1 then
    out[#out + 1] = string.format("... (%d turns)", first - 1)
  end
  for i = first, #runs do
    add_run(out, runs[i], result.names, describe)
  end
end

-- The whole -------------------------------------------------------------------

-- The command line of this program, as far as it is short and plain.
local function command()
  local args, words = _G.arg, {}
  local first = 0
  while args and args[first - 1] do
    first = first - 1
  end
  for i = first, args and #args or -1 do
    words[#words + 1] = args[i]
  end
  local line = table.concat(words, " ")
  local plain = #line < 80 and string.find(line, "^[%w%s/._=:+-]+$")
  return plain and " " .. line or ""
end

local function count(n, what, ending)
  return string.format("%d %s%s", n, what, n == 1 and "" or ending or "s")
end

local function add_replay(out, result, o)
  local seed = o.environment_seed
  out[#out + 1] = string.format('replay: %sTHREADING_REPLAY="%s"%s',
    seed and "THREADING_SEED=" .. seed .. " " or "", result.replay, command())
end

local function add_size(out, result)
  local size = count(result.preemptions, "preemption")
  local from = result.shrunk
  if from then
    size = string.format("%s (shrunk from %s in %s)", size,
      count(from.switches, "switch", "es"), count(from.replays, "replay"))
  end
  out[#out + 1] = size
end

-- @tparam table result of explore.run, which has failed
-- @tparam table o the options
-- @treturn string
local function of_failure(result, o)
  local out = {}
  local where = result.failure.thread and " in " .. result.failure.thread or ""
  out[1] = o.replay
    and string.format("explore: the replay fails%s: %s", where,
      result.failure.message)
    or string.format("explore: schedule %d of %d fails%s: %s", result.tried,
      o.schedules, where, result.failure.message)
  if result.replay then
    add_size(out, result)
    add_replay(out, result, o)
    add_trace(out, result)
  end
  return table.concat(out, "\n")
end

local function of_success(result, covered)
  local text = "explore: no failure in " .. count(result.tried, "schedule")
  return covered and text .. ", " .. covered or text
end

return { of_failure = of_failure, of_success = of_success }
