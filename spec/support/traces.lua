--- Events of runs that never were, in the format of threading.trace: as many
-- as one likes, the same ones each time.

local traces = {}

--- An event: what thread 1 did from one microsecond to another.
-- @tparam string cat its kind, which is its name, too
-- @tparam number from
-- @tparam number to
-- @tparam[opt] string more fields, in JSON, with a comma in front
-- @treturn string
function traces.span(cat, from, to, more)
  return ('{"ph":"X","pid":0,"tid":1,"cat":"%s","name":"%s","ts":%.3f,'
    .. '"dur":%.3f%s}'):format(cat, cat, from, to - from, more or "")
end

local Maker = {}
Maker.__index = Maker

-- Not math.random, whose numbers differ between Luas.
function Maker:random(m, n)
  self.seed = self.seed * 48271 % 2147483647
  return m + self.seed % (n - m + 1)
end

function Maker:add(format, ...)
  self.n = self.n + 1
  self.list[self.n] = format:format(...)
end

function Maker:span(thread, cat, name, from, to, args)
  self:add('{"ph":"X","pid":%d,"tid":%d,"cat":"%s","name":"%s","ts":%.3f,'
    .. '"dur":%.3f%s}', thread.pid, thread.tid, cat, name, from, to - from,
    args and ',"args":{' .. args .. "}" or "")
end

function Maker:instant(thread, name, at)
  self:add('{"ph":"i","s":"t","pid":%d,"tid":%d,"cat":"%s","name":"%s",'
    .. '"ts":%.3f}', thread.pid, thread.tid, name, name, at)
end

function Maker:arrow(cat, from, left, to, came)
  self.arrows = self.arrows + 1
  self:add('{"ph":"s","pid":%d,"tid":%d,"cat":"%s","name":"%s","id":%d,'
    .. '"ts":%.3f}', from.pid, from.tid, cat, cat, self.arrows, left)
  self:add('{"ph":"f","bp":"e","pid":%d,"tid":%d,"cat":"%s","name":"%s",'
    .. '"id":%d,"ts":%.3f}', to.pid, to.tid, cat, cat, self.arrows, came)
end

function Maker:counter(pid, name, at, value)
  self:add('{"ph":"C","pid":%d,"name":"%s","ts":%.3f,"args":{"%s":%d}}',
    pid, name, at, name, value)
end

local objects <const> = {
  { "Lock accounts", "Lock", "bank.lua:31" },
  { "Lock log", "Lock", "log.lua:8" },
  { "Queue jobs", "Queue", "worker.lua:14" },
  { "sleep", "sleep", "worker.lua:40" },
}

local ways = {}

function ways.lock(self, thread, now)
  local object = objects[self:random(1, 2)]
  local holder = self.threads[self:random(1, #self.threads)]
  local after = now + self:random(100, 8000)
  self:span(thread, "wait", object[1], now, after, ('"object":"%s","kind":"%s",'
    .. '"at":"%s","held_by":"%s","held_at":"bank.lua:%d"'):format(object[1],
    object[2], object[3], holder.name, 30 + self:random(0, 3)))
  self:arrow("lock", holder, after - self:random(5, 60), thread, after)
  return after
end

function ways.wait(self, thread, now)
  local object = objects[self:random(3, 4)]
  local after = now + self:random(500, 20000)
  self:span(thread, "wait", object[1], now, after,
    ('"object":"%s","kind":"%s","at":"%s"'):format(table.unpack(object)))
  if object[2] == "Queue" then
    self:arrow("wake", self.threads[1], after - self:random(5, 60), thread,
      after)
  end
  return after
end

function ways.c(self, thread, now)
  local after = now + self:random(300, 9000)
  self:span(thread, "c", "compress", now, after, '"fn":"compress"')
  return after
end

function ways.kernel(self, thread, now)
  local after = now + self:random(2000, 30000)
  self:span(thread, "kernel", "primes", now, after,
    '"fn":"primes","at":"primes.lua:12"')
  return after
end

function ways.fd(self, thread, now)
  local after = now + self:random(200, 12000)
  self:span(thread, "fd", "socket 7", now, after,
    '"object":"descriptor 7","kind":"descriptor","at":"server.lua:77"')
  return after
end

local chosen <const> = { "lock", "wait", "lock", "c", "wait", "kernel", "fd" }

-- One turn of the thread that was ready first.
function Maker:turn()
  local thread = self.threads[1]
  for _, other in ipairs(self.threads) do
    thread = other.at < thread.at and other or thread
  end
  local start = math.max(thread.at, self.free[thread.pid] or 0)
  if start > thread.at then
    self:span(thread, "ready", "ready", thread.at, start)
  end
  local stop = start + self:random(20, 3000)
  self:span(thread, "lua", "Lua", start, stop)
  self.free[thread.pid] = stop
  local way = chosen[self:random(1, 12)]
  thread.at = way and ways[way](self, thread, stop) or stop
  if self:random(1, 4) == 1 then
    self:span(thread, "user", "request", start, thread.at, '"path":"/a"')
    self:span(thread, "user", "parse", start + 5, stop - 5)
  end
  if self:random(1, 8) == 1 then
    self:counter(thread.pid, "runnable", stop, self:random(0, 5))
    self:counter(thread.pid, "memory", stop,
      math.floor(3e6 + stop * 5 % 2e6))
  end
end

function Maker:begin(threads, interpreters)
  for pid = 0, interpreters - 1 do
    self:add('{"ph":"M","pid":%d,"name":"process_name","args":{"name":"%s"}}',
      pid, pid == 0 and "main interpreter" or "interpreter " .. pid)
    for i = 1, threads do
      local name = i == 1 and "MainThread" or "Worker-" .. i - 1
      local thread = { pid = pid, tid = #self.threads + 1, name = name,
        at = 1e6 + i * 900 }
      self.threads[#self.threads + 1] = thread
      self:add('{"ph":"M","pid":%d,"tid":%d,"name":"thread_name",'
        .. '"args":{"name":"%s"}}', pid, thread.tid, name)
      self:instant(thread, "start", thread.at)
    end
  end
end

--- A run of threads that take turns, wait for each other, and compute.
-- @tparam integer events at least
-- @tparam[opt=5] integer threads of each interpreter
-- @tparam[opt=1] integer interpreters
-- @treturn string
-- @treturn integer how many events it is
function traces.run(events, threads, interpreters)
  local maker = setmetatable({ seed = 42, n = 0, arrows = 0, list = {},
    threads = {}, free = {} }, Maker)
  maker:begin(threads or 5, interpreters or 1)
  while maker.n < events do
    maker:turn()
  end
  for _, thread in ipairs(maker.threads) do
    maker:instant(thread, "end", thread.at)
  end
  return "[\n" .. table.concat(maker.list, ",\n"), maker.n
end

return traces
