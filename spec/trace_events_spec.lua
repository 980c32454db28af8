-- Events of a run: what is read of them, and the tables.

local events = require "threading.trace.events"
local report = require "threading.trace.report"
local summary = require "threading.trace.summary"
local traces = require "spec.support.traces"
local units = require "threading.trace.units"

local span = traces.span

-- The pieces of a lane: "lua 0-10 c 10-20".
local function pieces(lane)
  local list = {}
  for i = 1, #lane.from do
    list[i] = ("%s %d-%d"):format(events.kinds[lane.kind[i]], lane.from[i],
      lane.to[i])
  end
  return table.concat(list, " ")
end

local function parse(...)
  return assert(events.parse("[" .. table.concat({ ... }, ",")))
end

describe("The events of a run", function()
  it("are told in nanoseconds from the first on", function()
    local trace = parse(span("lua", 1000, 1000.5), span("c", 1001, 1002.125))
    assert.equal("lua 0-500 c 1000-2125", pieces(trace.rows[1].states))
    assert.equal(2125, trace.length)
    assert.equal(2, trace.count)
  end)

  it("may be cut off anywhere", function()
    local text = "[" .. span("lua", 0, 1) .. ",\n" .. span("c", 1, 2) .. "\n]"
    for i = 1, #text do
      local cut = text:sub(1, i)
      local _, whole = cut:gsub("%b{}", "")
      assert.equal(whole, assert(events.parse(cut)).count)
    end
    assert.equal(1, assert(events.parse(text:sub(1, -5))).count)
  end)

  it("cut those in pieces in which they lie, in any order", function()
    local outer, inner = span("c", 0, 10), span("wait", 3, 5)
    for _, trace in ipairs { parse(outer, inner), parse(inner, outer) } do
      assert.equal("c 0-3000 wait 3000-5000 c 5000-10000",
        pieces(trace.rows[1].states))
    end
    local trace = parse(span("lua", 0, 4), span("ready", 3, 8))
    assert.equal("lua 0-3000 ready 3000-8000", pieces(trace.rows[1].states))
  end)

  it("that took long begin and end, or last until the run ends", function()
    local function half(ph, ts)
      return ('{"ph":"%s","pid":0,"tid":1,"cat":"wait","ts":%d}'):format(ph, ts)
    end
    local trace = parse(half("B", 0), half("E", 4), half("B", 6),
      '{"ph":"i","pid":0,"tid":2,"name":"mark","ts":9}')
    assert.equal("wait 0-4000 wait 6000-9000", pieces(trace.rows[1].states))
  end)

  it("of the program's own lie one above the other", function()
    local trace = parse(span("user", 0, 10), span("user", 2, 5),
      span("user", 3, 4), span("user", 6, 9))
    local lanes = trace.rows[1].user
    assert.equal(3, #lanes)
    assert.same({ 2000, 6000 }, lanes[2].from)
  end)

  it("tell waits for locks from others", function()
    local trace = parse(span("wait", 0, 1, ',"args":{"kind":"Lock"}'),
      span("wait", 1, 2, ',"args":{"kind":"Queue"}'), span("wait", 2, 3))
    assert.equal("lock 0-1000 wait 1000-2000 wait 2000-3000",
      pieces(trace.rows[1].states))
  end)

  it("join the ends of arrows", function()
    local trace = parse('{"ph":"s","pid":0,"tid":1,"cat":"lock","id":7,"ts":5}',
      '{"ph":"s","pid":0,"tid":1,"cat":"wake","id":7,"ts":6}',
      '{"ph":"f","pid":0,"tid":2,"cat":"lock","id":7,"ts":8}',
      '{"ph":"f","pid":0,"tid":2,"cat":"lock","id":8,"ts":9}')
    assert.equal(1, #trace.arrows)
    local arrow = trace.arrows[1]
    assert.same({ 0, 3000, 1, 2 }, { arrow.left, arrow.came, arrow.from.number,
      arrow.to.number })
  end)

  it("name threads and interpreters, and keep these together", function()
    local trace = parse(
      '{"ph":"M","pid":0,"name":"process_name","args":{"name":"main"}}',
      '{"ph":"M","pid":0,"tid":1,"name":"thread_name","args":{"name":"A"}}',
      '{"ph":"M","pid":2,"tid":2,"name":"thread_name","args":{"name":"B"}}',
      '{"ph":"M","pid":0,"tid":3,"name":"thread_name","args":{"name":"C"}}',
      '{"ph":"i","pid":0,"tid":4,"name":"start","ts":0}')
    local names = {}
    for i, row in ipairs(trace.rows) do
      names[i] = row.pid .. " " .. row.name
    end
    assert.same({ "0 A", "0 C", "0 thread 4", "2 B" }, names)
    assert.equal("main", trace.processes[1].name)
    assert.equal("interpreter 2", trace.processes[2].name)
  end)

  it("leave out what is none of ours", function()
    for _, text in ipairs { "{}", '{"ph":"X"}', '{"ph":"?","ts":1}',
      '{"ph":"X","ts":1,"cat":"lua"}', '{"ph":"X","ts":"1","dur":1}',
      '{"ph":"X","ts":1,"dur":1e300,"cat":"lua"}', '{"ph":"C","ts":1}',
      '{"ph":"X","ts":1,"dur":1,"cat":"lua","pid":"a"}',
      '{"ph":"X","ts":1,"dur":1,"cat":"what"}', '{"ph":"M"}',
      '{"ph":"i","ts":1,"name":[1,{"a":[]}],"args":7}' } do
      local trace = parse(text, span("lua", 0, 1))
      assert.equal("lua 0-1000", pieces(trace.rows[#trace.rows].states))
    end
    for _, text in ipairs { "", "{}", "x", "null" } do
      local trace, err = events.parse(text)
      assert.is_nil(trace)
      assert.equal("it is not a list of events in JSON", err)
    end
  end)

  it("are JSON, with all that this has in strings", function()
    local trace = parse([[{"ph":"i","ts":1,
      "name":"a\"\\\n\u00e9\ud800\/{}", "args":{"x":"}",
      "y":{"z":[1,-2.5e1,true,null]},"n":null}}]])
    local detail = trace.details[1]
    assert.equal('a"\\\n\u{E9}\u{FFFD}/{}', detail.name)
    assert.same({ x = "}", y = { z = { 1, -25, true, detail.args.y.z[4] } } },
      detail.args)
  end)

  it("that say the same share what they say", function()
    local trace = parse(span("c", 0, 1, ',"args":{"fn":"f"}'),
      span("c", 1, 2, ',"args":{"fn":"f"}'),
      span("c", 2, 3, ',"args":{"fn":"g"}'))
    assert.equal(2, #trace.details)
    assert.same({ 1, 1, 2 }, trace.rows[1].states.detail)
  end)
end)

describe("The tables of a run", function()
  local function waits(at, holder, from, to)
    return span("wait", from, to, (',"args":{"object":"Lock a","kind":"Lock",'
      .. '"at":"%s","held_by":"%s","held_at":"h.lua:1"}'):format(at, holder))
  end

  it("say who waited for what, where, and while who held it", function()
    local sums = summary.of(parse(
      '{"ph":"M","pid":0,"tid":1,"name":"thread_name","args":{"name":"A"}}',
      waits("f.lua:1", "B", 0, 10), waits("f.lua:2", "C", 10, 40),
      span("wait", 40, 45, ',"args":{"object":"Queue q","kind":"Queue"}')))
    assert.equal(2, #sums.objects)
    local lock = sums.objects[1]
    assert.same({ "Lock a", 2, 40000, 30000 }, { lock.name, lock.count,
      lock.total, lock.longest })
    assert.equal("A at f.lua:2", lock.by[1].name)
    assert.equal("C at h.lua:1", lock.held[1].name)
    assert.equal("Threads waited 40.0 µs for Lock a, 30.0 µs at most; for "
      .. "75 % of that time it was held by C at h.lua:1. It is held for too "
      .. "long, or by too many: do less while it is held, or have more locks, "
      .. "each for a part.", sums.advice[1])
  end)

  it("say how busy the global lock was, and how many waited", function()
    local sums = summary.of(parse(span("lua", 0, 80), span("c", 80, 100),
      (span("ready", 0, 80):gsub('"tid":1', '"tid":2'))))
    local lock = sums.global[1]
    assert.same({ 80000, 1, 80000, 0.8 }, { lock.busy, lock.count, lock.total,
      lock.waiting })
    assert.matches("was busy for 80 %% of the time", sums.advice[1])
    assert.same({ "c", 1, 20000 }, { sums.functions[1].name,
      sums.functions[1].count, sums.functions[1].total })
  end)

  it("say where turns ended that took the global lock for long", function()
    local function turn(from, to, place)
      return span("lua", from, to, (',"args":{"at":"%s"}'):format(place))
    end
    local sums = summary.of(parse(turn(0, 20, "f.lua:1"),
      turn(20, 60, "f.lua:2"),
      turn(60, 100, "f.lua:2"), (span("ready", 0, 100):gsub('"tid":1',
      '"tid":2'))))
    assert.matches("100 %% of the time %(80 %% in turns that ended at "
      .. "f.lua:2%), and", sums.advice[1])
  end)

  -- What was held so far, by A at this line.
  local function held(number, object, taken, line, count, total, longest)
    return ('{"ph":"M","pid":0,"tid":0,"name":"lock","args":{"kind":"Lock",'
      .. '"object":"%s","number":%d,"taken":%d,"by":"A","at":"f.lua:%d",'
      .. '"count":%d,"held":%.3f,"longest":%.3f}}'):format(object, number,
      taken, line, count, total, longest)
  end

  it("say how often a lock was taken, and held by whom", function()
    local sums = summary.of(parse(held(1, "Lock a", 5, 1, 5, 3, 2),
      held(1, "Lock a", 9, 1, 6, 30, 20), held(1, "Lock a", 9, 2, 3, 40, 10),
      held(2, "Lock b", 7, 3, 7, 5, 1), held(3, "Lock b", 1, 3, 1, 6, 6),
      '{"ph":"M","pid":0,"tid":0,"name":"lock","args":{"object":"odd"}}',
      '{"ph":"M","pid":0,"tid":0,"name":"lock"}', span("lua", 0, 100)))
    assert.equal(2, #sums.locks)
    local a, b = sums.locks[1], sums.locks[2]
    assert.same({ "Lock a", 9, 70000, 20000, "A at f.lua:2" },
      { a.name, a.count, a.total, a.longest, a.by[1].name })
    assert.same({ "Lock b", 8, 11000, 6000, "A at f.lua:3" },
      { b.name, b.count, b.total, b.longest, b.by[1].name })
    assert.matches("^Nothing", sums.advice[1]) -- nobody has waited for it
    sums = summary.of(parse(held(1, "Lock a", 9, 2, 3, 40, 10),
      waits("g.lua:1", "A", 0, 2), span("lua", 2, 100)))
    assert.equal("A at f.lua:2 held Lock a for 40 % of the time, 10.0 µs at "
      .. "most, and others waited for it: do less while it is held.",
      sums.advice[1])
  end)

  it("say which function of C kept the global lock", function()
    local kept = span("kept", 10, 81, ',"args":{"at":"f.lua:12"}')
      :gsub('"name":"kept"', '"name":"read_file"')
    local sums = summary.of(parse(span("lua", 0, 100), kept,
      (span("ready", 0, 90):gsub('"tid":1', '"tid":2'))))
    local it = sums.keepers[1]
    assert.same({ "read_file at f.lua:12", 1, 71000, 71000 },
      { it.name, it.count, it.total, it.longest })
    assert.equal("read_file at f.lua:12 kept the global lock for 71 % of the "
      .. "time, 71.0 µs at most, although others asked for it: C code lets go "
      .. "of it by threading.h, other modules are called in an interpreter.",
      sums.advice[1])
    assert.equal(1, #sums.advice)
  end)

  it("say when there is nothing to say", function()
    assert.same(
      { "Nothing stands out: no lock kept threads waiting for long." },
      summary.of(parse()).advice)
  end)

  it("are text for a terminal", function()
    local text = report(parse(
      '{"ph":"M","pid":0,"tid":1,"name":"thread_name","args":{"name":"A"}}',
      span("lua", 0, 10), waits("f.lua:1", "B", 10, 90),
      (span("kept", 1, 10):gsub('"name":"kept"', '"name":"zip"')),
      held(1, "Lock a", 3, 1, 3, 10, 5),
      span("c", 90, 100, ',"args":{"fn":"compress"}')))
    assert.equal([[
thread  runs Lua  in C  waits for a lock
A           10 %  10 %              80 %

global lock    busy  waits  in all  at most  threads waiting
interpreter 0  10 %      0    0 ns     0 ns             0.00

kept the global lock  times   in all  at most  of the time
zip                       1  9.00 µs  9.00 µs        9.0 %

without it  calls   in all  at most
compress        1  10.0 µs  10.0 µs

lock    taken  held in all  at most  most by
Lock a      3      10.0 µs  5.00 µs  A at f.lua:1

waited for  times   in all  at most  most by       most while held by
Lock a          1  80.0 µs  80.0 µs  A at f.lua:1  B at h.lua:1

zip kept the global lock for 9.0 % of the time, 9.00 µs at most, although
others asked for it: C code lets go of it by threading.h, other modules are
called in an interpreter.

Threads waited 80.0 µs for Lock a, 80.0 µs at most; for 100 % of that time it
was held by B at h.lua:1. It is held for too long, or by too many: do less
while it is held, or have more locks, each for a part.
]], text)
  end)

  it("have times of three digits", function()
    for ns, text in pairs { [0] = "0 ns", [999] = "999 ns", [1000] = "1.00 µs",
      [9994] = "9.99 µs", [9996] = "10.0 µs", [123456] = "123 µs",
      [999600] = "1.00 ms", [2.5e9] = "2.50 s", [3600e9] = "3600 s" } do
      assert.equal(text, units.duration(ns))
    end
    assert.same({ "0 %", "9.9 %", "10 %", "100 %" }, { units.share(0, 0),
      units.share(99, 1000), units.share(100, 1000), units.share(7, 7) })
  end)
end)
