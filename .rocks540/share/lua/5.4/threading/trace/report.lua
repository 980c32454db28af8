-- The tables of a run as text, for a terminal.

local events = require "threading.trace.events"
local standard = require "threading.private.standard"
local summary = require "threading.trace.summary"
local units = require "threading.trace.units"
local math, string, table, utf8 =
  standard.math, standard.string, standard.table, standard.utf8
local ipairs = ipairs

-- How wide a text is; bytes, where it is not UTF-8.
local function width_of(text)
  return utf8.len(text) or #text
end

local function padded(text, width, right)
  local blanks = string.rep(" ", width - width_of(text))
  return right and blanks .. text or text .. blanks
end

-- Lines as columns below their heads. A head that begins with ">" has its texts
-- at the right.
local function columns(lines)
  local widths, texts = {}, {}
  for _, line in ipairs(lines) do
    for i, text in ipairs(line) do
      local width = width_of(text) - (line == lines[1] and string.sub(text, 1,
        1) == ">" and 1 or 0)
      widths[i] = math.max(widths[i] or 0, width)
    end
  end
  for n, line in ipairs(lines) do
    local parts = {}
    for i, text in ipairs(line) do
      local right = string.sub(lines[1][i], 1, 1) == ">"
      parts[i] = padded(n == 1 and right and string.sub(text, 2) or text,
        widths[i], right)
    end
    texts[n] = string.gsub(table.concat(parts, "  "), " +$", "")
  end
  return table.concat(texts, "\n")
end

local function first(list)
  return list[1] and list[1].name or ""
end

local function objects(list)
  local lines = { { "waited for", ">times", ">in all", ">at most", "most by",
    "most while held by" } }
  for _, it in ipairs(list) do
    table.insert(lines, { it.name, string.format("%d", it.count),
      units.duration(it.total), units.duration(it.longest), first(it.by),
      first(it.held) })
  end
  return lines
end

local function locks(list)
  local lines = { { "lock", ">taken", ">held in all", ">at most",
    "most by" } }
  for _, it in ipairs(list) do
    table.insert(lines, { it.name, string.format("%.0f", it.count),
      units.duration(it.total), units.duration(it.longest), first(it.by) })
  end
  return lines
end

local function keepers(list, length)
  local lines = { { "kept the global lock", ">times", ">in all", ">at most",
    ">of the time" } }
  for _, it in ipairs(list) do
    table.insert(lines, { it.name, string.format("%d", it.count),
      units.duration(it.total), units.duration(it.longest),
      units.share(it.total, length) })
  end
  return lines
end

local function global(list, length)
  local lines = { { "global lock", ">busy", ">waits", ">in all", ">at most",
    ">threads waiting" } }
  for _, it in ipairs(list) do
    table.insert(lines, { it.name, units.share(it.busy, length),
      string.format("%d", it.count), units.duration(it.total),
      units.duration(it.longest), string.format("%.2f", it.waiting) })
  end
  return lines
end

local function functions(list)
  local lines = { { "without it", ">calls", ">in all", ">at most" } }
  for _, it in ipairs(list) do
    table.insert(lines, { it.name, string.format("%d", it.count),
      units.duration(it.total), units.duration(it.longest) })
  end
  return lines
end

-- The kinds of what any thread did.
local function kinds_of(list)
  local kinds = {}
  for _, kind in ipairs(events.kinds) do
    local sum = 0
    for _, it in ipairs(list) do
      sum = sum + it[kind]
    end
    table.insert(kinds, sum > 0 and kind or nil)
  end
  return kinds
end

local function threads(list, length)
  local lines, kinds = { { "thread" } }, kinds_of(list)
  for i, kind in ipairs(kinds) do
    lines[1][i + 1] = ">" .. events.titles[kind]
  end
  for _, it in ipairs(list) do
    local line = { it.name }
    for i, kind in ipairs(kinds) do
      line[i + 1] = units.share(it[kind], length)
    end
    table.insert(lines, line)
  end
  return lines
end

-- A text in lines of 79 columns at most, where its words allow it.
local function wrapped(text)
  local lines, line = {}, ""
  for word in string.gmatch(text, "%S+") do
    if line ~= "" and width_of(line) + width_of(word) > 78 then
      table.insert(lines, line)
      line = ""
    end
    line = line == "" and word or line .. " " .. word
  end
  table.insert(lines, line)
  return table.concat(lines, "\n")
end

-- @tparam table trace as `events.read` returns it
-- @treturn string lines
return function(trace)
  local sums, length, parts = summary.of(trace), trace.length, {}
  for _, lines in ipairs { threads(sums.threads, length),
    global(sums.global, length), keepers(sums.keepers, length),
    functions(sums.functions), locks(sums.locks), objects(sums.objects) } do
    if #lines > 1 then
      table.insert(parts, columns(lines))
    end
  end
  for _, text in ipairs(sums.advice) do
    table.insert(parts, wrapped(text))
  end
  return table.concat(parts, "\n\n") .. "\n"
end
