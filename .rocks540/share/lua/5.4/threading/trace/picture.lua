-- The picture of a run, as SVG, for a document: dark where that is dark.

local columns = require "threading.trace.columns"
local escaped = require "threading.trace.escape"
local events = require "threading.trace.events"
local lanes = require "threading.trace.lanes"
local save = require "threading.trace.save"
local standard = require "threading.private.standard"
local units = require "threading.trace.units"
local math, string, table = standard.math, standard.string, standard.table
local ipairs, setmetatable, tostring = ipairs, setmetatable, tostring

local WIDTH <const>, NAMES <const>, EDGE <const> = 960, 118, 16
local CHART <const> = WIDTH - NAMES - EDGE
local FINE <const> = 2 -- columns in a unit
local ROW <const>, GAP <const>, SPAN <const>, GLOBAL <const> = 22, 9, 13, 10
local HUES <const> = 12
local MAX_ARROWS <const>, MAX_MARKS <const> = 60, 20
local MARK <const> = 12 -- above a row that has marks

local STYLE <const> = [[
<style>
text { font: 11px system-ui, -apple-system, "Segoe UI", "DejaVu Sans",
  sans-serif; fill: #1c2430; }
.ground { fill: #ffffff; stroke: #dfe3e8; } .line { stroke: #e3e7ec; }
.faint { fill: #66707e; } .bold { font-weight: 600; }
.row { fill: #f7f8fa; } .head { fill: #e6ebf2; }
.lua { fill: #2f9e6c; } .c { fill: #3b7ddb; } .kernel { fill: #8b5fd3; }
.ready { fill: #f5cb74; } .lock { fill: #e8705f; } .wait { fill: #dce1e8; }
.fd { fill: #b4d4e2; } .user { fill: #d5e3f7; } .light { fill: #ffffff; }
.arrow { fill: none; stroke: #1c2430; stroke-opacity: .5; }
.tip { fill: #1c2430; fill-opacity: .6; } .mark { fill: #2463c4; }
@media (prefers-color-scheme: dark) {
  text { fill: #e4e8ee; } .faint { fill: #929cab; } .light { fill: #ffffff; }
  .ground { fill: #15181d; stroke: #2c323b; } .line { stroke: #2a3038; }
  .row { fill: #191d23; } .head { fill: #262d37; }
  .lua { fill: #37a877; } .c { fill: #4f8fe6; } .kernel { fill: #9a72e0; }
  .ready { fill: #96702f; } .lock { fill: #d95f52; } .wait { fill: #323945; }
  .fd { fill: #3b6273; } .user { fill: #2c3d57; } .mark { fill: #7fb0ff; }
  .arrow { stroke: #e4e8ee; } .tip { fill: #e4e8ee; }
}
</style>]]

local Drawing = {}
Drawing.__index = Drawing

function Drawing:add(format, ...)
  self.lines[#self.lines + 1] = string.format(format, ...)
end

function Drawing:x(time)
  return NAMES + time / self.length * CHART
end

function Drawing:text(x, y, class, text, anchor)
  self:add('<text x="%.1f" y="%.1f" class="%s"%s>%s</text>', x, y, class,
    anchor and ' text-anchor="' .. anchor .. '"' or "", escaped(text))
end

-- As much of a text as has room. A character is about 6 wide.
local function clip(text, room)
  local most = math.floor(room / 6)
  if #text <= most then
    return text
  end
  local byte = most > 2 and standard.utf8.offset(text, most)
  return byte and string.sub(text, 1, byte - 1) .. "…" or ""
end

-- A lane as a path for each kind.
function Drawing:lane(lane, kinds, y, height, attribute, wide)
  local paths = {}
  columns(lane, kinds, self.length, CHART * FINE,
    function(kind, first, stop, low, high, piece)
      local path = paths[kind] or {}
      paths[kind] = path
      path[#path + 1] = string.format("M%.4g %.4gh%.4gV%.4gh-%.4gz",
        NAMES + first / FINE, y + height * (1 - low),
        (stop - first) / FINE, y + height * (1 - high),
        (stop - first) / FINE)
      if piece and wide then
        wide(piece, NAMES + first / FINE, NAMES + stop / FINE)
      end
    end)
  for kind = 1, kinds do
    if paths[kind] then
      self:add('<path %s d="%s"/>', attribute(kind),
        table.concat(paths[kind]))
    end
  end
end

local function class_of(kind)
  return string.format('class="%s"', events.kinds[kind])
end

local function hue_of(kind)
  return string.format('fill="hsl(%.1f,52%%,58%%)"',
    (205 + (kind - 1) * 137.5) % 360)
end

-- --- the rows ---

local light <const> = { c = true, kernel = true, lock = true }
local silent <const> = { lua = true, ready = true }

function Drawing:states(row, y)
  local lane, texts = row.states, {}
  self:add('<rect class="row" x="%d" y="%d" width="%d" height="%d"/>', NAMES,
    y, CHART, ROW)
  self:lane(lane, #events.kinds, y, ROW, class_of, function(i, x, stop)
    local kind, detail = events.kinds[lane.kind[i]],
      self.trace.details[lane.detail[i]]
    local name = clip(tostring(detail.args.object or detail.args.fn
      or detail.name), stop - x - 8)
    if not silent[kind] and name ~= "" then
      table.insert(texts, { x + 4, y + ROW / 2 + 4,
        light[kind] and "light" or "", name })
    end
  end)
  for _, text in ipairs(texts) do
    self:text(table.unpack(text))
  end
end

function Drawing:user(row, y)
  for depth, lane in ipairs(row.user) do
    local top = y + (depth - 1) * SPAN
    for i = 1, #lane.from do
      local x, stop = self:x(lane.from[i]), self:x(lane.to[i])
      if stop - x >= 1 then
        self:add('<rect class="user" x="%.1f" y="%d" width="%.1f" '
          .. 'height="%d"/>', x, top, stop - x - 0.5, SPAN - 2)
        self:text(x + 4, top + SPAN - 4, "faint",
          clip(self.trace.details[lane.detail[i]].name, stop - x - 6))
      end
    end
  end
  return y + #row.user * SPAN
end

function Drawing:row(row, y, hue)
  y = y + (self.marked[row] and MARK or 0)
  if row ~= self.head then
    y = self:user(row, y)
  end
  self:add('<rect %s x="%d" y="%.1f" width="8" height="8" rx="2.5"/>',
    hue_of(hue), EDGE, y + ROW / 2 - 4)
  self:text(EDGE + 14, y + ROW / 2 + 4, "", clip(row.name, NAMES - EDGE - 18))
  self:states(row, y)
  self.middle[row] = y + ROW / 2
  return y + ROW + GAP
end

-- Who has the global lock: pieces whose kinds are numbers of threads.
local function global_lane(rows)
  local lane = lanes.new()
  for n, row in ipairs(rows) do
    local states = row.states
    for i = 1, #states.from do
      if events.kinds[states.kind[i]] == "lua" then
        lanes.add(lane, states.from[i], states.to[i], (n - 1) % HUES + 1, 0)
      end
    end
  end
  return lanes.flat(lane)
end

function Drawing:process(process, y)
  local rows = {}
  for _, row in ipairs(self.trace.rows) do
    if row.pid == process.pid then
      rows[#rows + 1] = row
    end
  end
  if #self.trace.processes > 1 then
    self:text(EDGE, y + 12, "bold", process.name)
    y = y + 20
  end
  self:text(EDGE, y + GLOBAL - 1, "faint", "global lock")
  self:lane(global_lane(rows), HUES, y, GLOBAL, hue_of)
  y = y + GLOBAL + GAP
  for n, row in ipairs(rows) do
    y = self:row(row, y, (n - 1) % HUES + 1)
  end
  return y
end

-- --- around them ---

-- What the main thread calls its parts heads the picture.
function Drawing:heads(y, bottom)
  local lane = self.head and self.head.user[1]
  for i = 1, lane and #lane.from or 0 do
    local x, stop = self:x(lane.from[i]), self:x(lane.to[i])
    if stop - x > 4 then
      self:add('<rect class="head" x="%.1f" y="%d" width="%.1f" height="18" '
        .. 'rx="4"/>', x, y, stop - x - 1)
      self:text((x + stop) / 2, y + 13, "bold",
        clip(self.trace.details[lane.detail[i]].name, stop - x - 6), "middle")
      self:add('<path class="line" d="M%.1f %dV%.1fM%.1f %dV%.1f"/>', x,
        y + 18, bottom, stop - 1, y + 18, bottom)
    end
  end
end

local function tick_of(length)
  local least = length / 9
  local power = 10 ^ math.floor(math.log(least, 10))
  for _, n in ipairs { 1, 2, 5, 10 } do
    if n * power >= least then
      return n * power
    end
  end
end

-- A round time, without the digits that say so.
local function tick_text(time)
  local text = string.gsub(units.duration(time), "(%.%d-)0+ ", "%1 ")
  return (string.gsub(text, "%. ", " "))
end

function Drawing:axis(y, top)
  local tick = tick_of(self.length)
  for n = 0, self.length // tick do
    local x = self:x(n * tick)
    self:add('<path class="line" d="M%.1f %dV%.1f"/>', x, top, y + 4)
    self:text(x, y + 16, "faint", n == 0 and "0" or tick_text(n * tick),
      x < WIDTH - EDGE - 12 and "middle" or "end")
  end
end

function Drawing:legend(y)
  local seen, x = {}, NAMES
  for _, row in ipairs(self.trace.rows) do
    for _, kind in ipairs(row.states.kind) do
      seen[kind] = true
    end
  end
  for kind, id in ipairs(events.kinds) do
    if seen[kind] then
      self:add('<rect class="%s" x="%.1f" y="%.1f" width="9" height="9" '
        .. 'rx="2.5"/>', id, x, y - 8)
      self:text(x + 14, y, "faint", events.titles[id])
      x = x + 32 + 5.8 * #events.titles[id]
    end
  end
end

function Drawing:arrows()
  if #self.trace.arrows > MAX_ARROWS then
    return
  end
  for _, it in ipairs(self.trace.arrows) do
    if it.from ~= it.to then
      local down = self.middle[it.to] > self.middle[it.from] and 1 or -1
      local x, y = self:x(it.left), self.middle[it.from] + down * ROW * 0.4
      local to_x = self:x(it.came)
      local to_y = self.middle[it.to] - down * (ROW / 2 + 1)
      self:add('<path class="arrow" d="M%.1f %.1fC%.1f %.1f %.1f %.1f '
        .. '%.1f %.1f"/>', x, y, x + 8, y + (to_y - y) * 0.3, to_x - 8,
        to_y - (to_y - y) * 0.3, to_x, to_y - down * 3)
      self:add('<path class="tip" d="M%.1f %.1fl-3 %.1fh6z"/>', to_x, to_y,
        -down * 5)
    end
  end
end

function Drawing:marks(marks)
  for _, it in ipairs(marks) do
    local x, y = self:x(it.time), self.middle[it.row] - ROW / 2
    self:add('<path class="mark" d="M%.1f %.1fl-4 -6h8z"/>', x, y)
    if x < WIDTH - 200 then
      self:text(x + 7, y - 2, "", it.name)
    else
      self:text(x - 7, y - 2, "", it.name, "end")
    end
  end
end

-- What the program has marked, and what has gone wrong, where it is not too
-- much; of each row whether it has some.
local function marks_of(trace)
  local marks, marked = {}, {}
  for _, it in ipairs(trace.instants) do
    local name = trace.details[it.detail].name
    if name ~= "start" and name ~= "end" and #marks < MAX_MARKS then
      table.insert(marks, { time = it.time, row = it.row, name = name })
      marked[it.row] = true
    end
  end
  return marks, marked
end

local function height_of(trace, head, marked)
  local height = 14 + (head and 28 or 0) + 52
  for _, row in ipairs(trace.rows) do
    height = height + ROW + GAP + (row ~= head and #row.user * SPAN or 0)
      + (marked[row] and MARK or 0)
  end
  return height + #trace.processes * (GLOBAL + GAP
    + (#trace.processes > 1 and 20 or 0))
end

-- @tparam table trace as `events.read` returns it
-- @treturn string
local function text_of(trace)
  local first = trace.rows[1]
  local head = first and first.user[1] and first or nil
  local marks, marked = marks_of(trace)
  local height = height_of(trace, head, marked)
  local drawing = setmetatable({ lines = {}, trace = trace, middle = {},
    marked = marked, length = math.max(1, trace.length), head = head }, Drawing)
  drawing:add('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" '
    .. 'width="%d" height="%d" role="img">', WIDTH, height, WIDTH, height)
  drawing:add("<title>What %d threads did in %s</title>", #trace.rows,
    units.duration(trace.length))
  drawing:add("%s", STYLE)
  drawing:add('<rect class="ground" x=".5" y=".5" width="%d" height="%d" '
    .. 'rx="10"/>', WIDTH - 1, height - 1)
  local top, bottom = head and 40 or 12, height - 52
  drawing:axis(bottom, top)
  drawing:heads(12, bottom)
  local y = top + 2
  for _, process in ipairs(trace.processes) do
    y = drawing:process(process, y)
  end
  drawing:arrows()
  drawing:marks(marks)
  drawing:legend(height - 14)
  drawing:add("</svg>\n")
  return table.concat(drawing.lines, "\n")
end

return save("picture", text_of)
