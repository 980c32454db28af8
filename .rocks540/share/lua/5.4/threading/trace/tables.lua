-- The tables of a run as HTML.

local escaped = require "threading.trace.escape"
local standard = require "threading.private.standard"
local summary = require "threading.trace.summary"
local units = require "threading.trace.units"
local string, table = standard.string, standard.table
local ipairs = ipairs

-- A small line below a cell's words.
local function small(word, list)
  return list[1] and list[1].name ~= "" and string.format(
    "<small>%s %s</small>", word, escaped(list[1].name)) or ""
end

-- A row that a click searches for, with small lines below the name.
local function row_text(it, lines)
  return string.format('<tr data-find="%s"><td><i class="patch" '
    .. 'style="background:var(--%s)"></i>%s%s</td><td class="n">%d</td>'
    .. '<td class="n">%s</td><td class="n">%s</td></tr>', escaped(it.name),
    it.kind, escaped(it.name), lines, it.count, units.duration(it.total),
    units.duration(it.longest))
end

local function object_row(it)
  return row_text(it, small("most by", it.by)
    .. small("most while held by", it.held))
end

local function function_row(it)
  return row_text(it, it.place and "<small>at " .. escaped(it.place)
    .. "</small>" or "")
end

local function plain_row(it, more, lines)
  return string.format('<tr><td>%s%s</td><td class="n">%.0f</td>'
    .. '<td class="n">%s</td><td class="n">%s</td>%s</tr>', escaped(it.name),
    lines, it.count, units.duration(it.total), units.duration(it.longest),
    more)
end

local function lock_row(it)
  return plain_row(it, "", small("most by", it.by))
end

local function keeper_row(length)
  return function(it)
    return plain_row(it, '<td class="n">' .. units.share(it.total, length)
      .. "</td>", "")
  end
end

local function global_row(length)
  return function(it)
    return string.format('<tr><td>%s</td><td class="n">%s</td>'
      .. '<td class="n">%d</td><td class="n">%s</td><td class="n">%s</td>'
      .. '<td class="n">%.2f</td></tr>', escaped(it.name),
      units.share(it.busy, length), it.count, units.duration(it.total),
      units.duration(it.longest), it.waiting)
  end
end

-- A table with these heads; the first is of words, the others of numbers.
local function table_text(title, list, heads, row, empty)
  local texts = { string.format("<section><h2>%s</h2>", title) }
  if #list == 0 then
    return texts[1] .. '<p class="empty">' .. empty .. "</p></section>"
  end
  for i, head in ipairs(heads) do
    texts[#texts + 1] = (i == 1 and "<table><thead><tr><th>"
      or '<th class="n">') .. head .. "</th>"
  end
  texts[#texts + 1] = "</tr></thead><tbody>"
  for _, it in ipairs(list) do
    texts[#texts + 1] = row(it)
  end
  texts[#texts + 1] = "</tbody></table></section>"
  return table.concat(texts, "\n")
end

local function advice_text(advice)
  local texts = { '<section id="advice"><h2>What would help</h2><ul>' }
  for _, text in ipairs(advice) do
    texts[#texts + 1] = "<li>" .. escaped(text) .. "</li>"
  end
  return table.concat(texts, "\n") .. "</ul></section>"
end

-- @tparam table trace as `events.read` returns it
-- @treturn string HTML
return function(trace)
  local sums = summary.of(trace)
  return table.concat({ advice_text(sums.advice),
    table_text("Waited for", sums.objects, { "object", "times", "in all",
      "at most" }, object_row, "No thread waited for anything."),
    table_text("The global lock", sums.global, { "interpreter", "busy",
      "waits", "in all", "at most", "threads waiting" },
      global_row(trace.length), "Nothing ran."),
    table_text("Functions of C that kept the global lock", sums.keepers, {
      "function", "times", "in all", "at most", "of the time" },
      keeper_row(trace.length), "None did while others waited for it."),
    table_text("Locks", sums.locks, { "lock", "taken", "held in all",
      "at most" }, lock_row, "None was taken."),
    table_text("Without the global lock", sums.functions, { "function",
      "calls", "in all", "at most" }, function_row,
      "No C function, kernel or compiled function ran without it."),
  }, "\n")
end
