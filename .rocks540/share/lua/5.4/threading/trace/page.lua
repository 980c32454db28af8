-- The page that shows a run: one file that needs nothing else.

local encode = require "threading.trace.encode"
local escaped = require "threading.trace.escape"
local events = require "threading.trace.events"
local markup = require "threading.trace.web.markup"
local save = require "threading.trace.save"
local standard = require "threading.private.standard"
local style = require "threading.trace.web.style"
local tables_of = require "threading.trace.tables"
local units = require "threading.trace.units"
local string, table = standard.string, standard.table
local ipairs, tostring = ipairs, tostring

-- Its script in parts: each knows those before it.
local script <const> = table.concat({
  require "threading.trace.web.lane", require "threading.trace.web.model",
  require "threading.trace.web.paint", require "threading.trace.web.view",
  require "threading.trace.web.tell", (require "threading.trace.web.input"),
}, "\n")

local function legend()
  local list = {}
  for i, id in ipairs(events.kinds) do
    list[i] = string.format('<button aria-pressed="true"><i class="patch" '
      .. 'style="background:var(--%s)"></i>%s</button>', id, events.titles[id])
  end
  return table.concat(list, "\n")
end

-- A page of a run.
-- @tparam table trace as `events.read` returns it
-- @tparam string title
-- @treturn string HTML
local function text_of(trace, title)
  local holes = { title = escaped(string.match(title, "[^/]*$")),
    length = units.duration(trace.length), threads = tostring(#trace.rows),
    style = style, legend = legend(), tables = tables_of(trace),
    events = encode(trace), script = script }
  return (string.gsub(markup, "{{(%l+)}}", holes))
end

return save("page", text_of)
