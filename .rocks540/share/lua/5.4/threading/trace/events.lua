-- The events of a run, as the page, the picture and the tables want them.
--
-- A file of events is a list in Chrome's trace format, one object for each, in
-- microseconds: "M" names processes (interpreters) and threads, and says until
-- when all is there ("trace_until"), and how often a lock was taken and held at
-- a place so far ("lock"); "X" are spans: of cat "lua" (runs Lua), "ready"
-- (waits for the global lock), "wait", "c", "kernel", "fd", "user", and "kept"
-- (a function of C kept the global lock); "B" and "E" begin and end one that
-- took long; "s" and "f" with the same id are the ends of an arrow (cat "wake",
-- "lock"); "i" are instants, "C" counters. Whatever else there is, is left out;
-- so is a last event that was cut off.

local json = require "threading.trace.json"
local lanes = require "threading.trace.lanes"
local standard = require "threading.private.standard"
local io, math, string, table =
  standard.io, standard.math, standard.string, standard.table
local ipairs, next, setmetatable, tostring, type =
  ipairs, next, setmetatable, tostring, type

local M = {}

-- The kinds of spans: what a thread does.
M.kinds = { "lua", "c", "kernel", "ready", "lock", "wait", "fd" }

M.titles = { lua = "runs Lua", c = "in C", kernel = "compiled",
  ready = "ready to run", lock = "waits for a lock", wait = "waits",
  fd = "waits for I/O" }

local number_of <const> = {}
for i, name in ipairs(M.kinds) do
  number_of[name] = i
end

-- Waits for what one thread holds and another wants are of a kind of their own.
local locks <const> = { Lock = true, RLock = true }

local function kind_of(event)
  local args = event.args
  if event.cat == "wait" and args and locks[args.kind] then
    return number_of.lock
  end
  return number_of[event.cat]
end

-- Nanoseconds. They are counted from the first event later.
local function ns(us)
  return math.floor(us * 1000 + 0.5)
end

local function is_time(value)
  return math.type(value) ~= nil and value == value
    and value > -1e15 and value < 1e15
end

local Reader = {}
Reader.__index = Reader

-- The number of a name with its arguments, of which there are few.
function Reader:detail(event)
  local name, args = tostring(event.name or ""), event.args or false
  local of_name = self.known[name] or {}
  self.known[name] = of_name
  local n = of_name[args]
  if not n then
    n = #self.details + 1
    self.details[n] = { name = name, args = args or {} }
    of_name[args] = n
  end
  return n
end

function Reader:process(pid)
  local process = self.processes[pid]
  if not process then
    process = { pid = pid }
    self.processes[pid] = process
    table.insert(self.processes.list, process)
  end
  return process
end

function Reader:row(event)
  local pid, tid = event.pid, event.tid
  local rows = self.rows_of[pid] or {}
  self.rows_of[pid] = rows
  local row = rows[tid]
  if not row then
    self:process(pid)
    row = { pid = pid, tid = tid, states = lanes.new(), user = lanes.new(),
      spans = {}, kept = {} }
    rows[tid] = row
    table.insert(self.rows, row)
  end
  return row
end

-- How often a lock was taken, and who held it, so far: the last word counts.
function Reader:lock(event)
  local it = event.args
  if not it or not is_time(it.taken) or not is_time(it.count)
      or not is_time(it.held) or not is_time(it.longest)
      or not is_time(it.number) then
    return
  end
  local lock = self.locks[it.number]
  if not lock then
    lock = { name = tostring(it.object), holders = {} }
    self.locks[it.number] = lock
    table.insert(self.locks.list, lock)
  end
  lock.taken = it.taken
  local who = tostring(it.by) .. " at " .. tostring(it.at)
  lock.holders[who] = { count = it.count, total = ns(it.held),
    longest = ns(it.longest) }
end

local take = {}

function take:M(event)
  local name = event.args and event.args.name
  if event.name == "thread_name" then
    self:row(event).name = tostring(name)
  elseif event.name == "process_name" then
    self:process(event.pid).name = tostring(name)
  elseif event.name == "trace_until" and is_time(event.ts) then
    self.last = math.max(self.last, ns(event.ts))
  elseif event.name == "lock" then
    self:lock(event)
  end
end

-- What was done of this detail: how often, how long, how long at most.
local function tally(list, detail, kind, time)
  local spans = list[detail]
  if not spans then
    spans = { kind = kind, count = 0, total = 0, longest = 0 }
    list[detail] = spans
  end
  spans.count, spans.total = spans.count + 1, spans.total + time
  spans.longest = math.max(spans.longest, time)
end

function take:X(event)
  local kind = kind_of(event)
  if event.cat == "kept" and is_time(event.dur) then
    tally(self:row(event).kept, self:detail(event), "kept", ns(event.dur))
  end
  if not is_time(event.dur) or not kind and event.cat ~= "user" then
    return
  end
  local row, from, detail = self:row(event), ns(event.ts), self:detail(event)
  local to = math.max(from, ns(event.ts + event.dur))
  self.last = math.max(self.last, to)
  lanes.add(kind and row.states or row.user, from, to, kind or 0, detail)
  if kind then
    tally(row.spans, detail, M.kinds[kind], to - from)
  end
end

function take:B(event)
  self:row(event).begun = event
end

local function end_begun(self, row, ts)
  local begun = row.begun
  row.begun = nil
  if begun then
    begun.dur = ts - begun.ts
    take.X(self, begun)
  end
end

function take:E(event)
  end_begun(self, self:row(event), event.ts)
end

function take:i(event)
  local times = self.instants
  table.insert(times, { time = ns(event.ts), row = self:row(event),
    detail = self:detail(event) })
end

function take:C(event)
  local pid, name = event.pid, tostring(event.name)
  local key = pid .. " " .. name
  local counter = self.counters[key]
  if not counter then
    counter = { pid = pid, name = name, time = {}, value = {} }
    self.counters[key] = counter
    table.insert(self.counters, counter)
  end
  local _, value = next(event.args or {})
  if is_time(value) then
    table.insert(counter.time, ns(event.ts))
    table.insert(counter.value, value)
  end
end

local function arrow_key(event)
  return tostring(event.cat) .. " " .. tostring(event.id)
end

function take:s(event)
  self.open[arrow_key(event)] = { time = ns(event.ts), row = self:row(event) }
end

function take:f(event)
  local key = arrow_key(event)
  local from = self.open[key]
  if from then
    self.open[key] = nil
    table.insert(self.arrows, { cat = event.cat, from = from.row,
      left = from.time, to = self:row(event), came = ns(event.ts) })
  end
end

-- What is no event of ours is made one, or left out.
local function is_sound(event)
  event.pid, event.tid = event.pid or 0, event.tid or 0
  if type(event.args) ~= "table" then
    event.args = nil
  end
  return math.type(event.pid) and math.type(event.tid)
end

function Reader:take(event)
  local reader = is_sound(event) and take[event.ph]
  if event.ph == "M" and reader then
    reader(self, event)
  elseif reader and is_time(event.ts) then
    self.first = math.min(self.first, ns(event.ts))
    self.last = math.max(self.last, ns(event.ts))
    self.count = self.count + 1
    reader(self, event)
  end
end

local function shift(list, by)
  for i, time in ipairs(list) do
    list[i] = time - by
  end
end

-- Threads of the same interpreter stand together; each is where it was named,
-- or did something first.
local function arrange(rows, processes)
  local at = {}
  for i, row in ipairs(rows) do
    at[row] = i
    row.name = row.name or "thread " .. tostring(row.tid)
  end
  local rank = {}
  for i, process in ipairs(processes) do
    rank[process.pid] = i
    process.name = process.name or "interpreter " .. tostring(process.pid)
  end
  table.sort(rows, function(a, b)
    local p, q = rank[a.pid], rank[b.pid]
    if p ~= q then
      return p < q
    end
    return at[a] < at[b]
  end)
  for i, row in ipairs(rows) do
    row.number = i
  end
end

local function by(key)
  return function(a, b)
    return a[key] < b[key]
  end
end

-- Times from the first event on; what came late stands where it belongs.
function Reader:finish()
  local first = self.count > 0 and self.first or 0
  for _, row in ipairs(self.rows) do
    end_begun(self, row, self.last / 1000)
    for _, lane in ipairs { row.states, row.user } do
      shift(lane.from, first)
      shift(lane.to, first)
    end
    row.states, row.user = lanes.flat(row.states), lanes.stacked(row.user)
  end
  for _, counter in ipairs(self.counters) do
    shift(counter.time, first)
  end
  for _, it in ipairs(self.instants) do
    it.time = it.time - first
  end
  for _, it in ipairs(self.arrows) do
    it.left, it.came = it.left - first, it.came - first
  end
  table.sort(self.instants, by "time")
  table.sort(self.arrows, by "left")
  arrange(self.rows, self.processes.list)
  return { count = self.count, length = self.count > 0 and self.last - first
    or 0, details = self.details, rows = self.rows,
    locks = self.locks.list, processes = self.processes.list,
    counters = self.counters, arrows = self.arrows, instants = self.instants }
end

-- The events of a text.
-- @tparam string text
-- @treturn[1] table `rows` (of threads: `name`, `states`, a lane, `user`,
-- lanes, `spans` and `kept`: by detail `kind`, `count`, `total`, `longest`),
-- `locks` (`name`, `taken`, `holders`), `processes`, `counters`, `arrows`,
-- `instants`, `details` (`name`, `args`), by whose numbers lanes and instants
-- refer to them, `length` in ns, and `count`
-- @return[2] nil
-- @treturn[2] string why not
function M.parse(text)
  local objects = json.objects(text)
  if not objects then
    return nil, "it is not a list of events in JSON"
  end
  local reader = setmetatable({ count = 0, first = math.huge,
    last = -math.huge, known = {}, details = {}, locks = { list = {} },
    processes = { list = {} }, rows = {}, rows_of = {}, counters = {},
    arrows = {}, open = {}, instants = {} }, Reader)
  for event in objects do
    reader:take(event)
  end
  return reader:finish()
end

-- The events of a file.
-- @tparam string name
-- @return[1] as `parse` returns it
-- @return[2] nil
-- @treturn[2] string why not, with the name
function M.read(name)
  local file, err = io.open(name, "rb")
  if not file then
    return nil, err
  end
  local text, why = file:read "a"
  file:close()
  if not text then
    return nil, string.format("%s: %s", name, why)
  end
  local trace
  trace, why = M.parse(text)
  if not trace then
    return nil, string.format("%s: %s", name, why)
  end
  return trace
end

return M
