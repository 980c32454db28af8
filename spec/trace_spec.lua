-- What is recorded of a program, and that nothing is without being asked for.

local events = require "threading.trace.events"
local files = require "spec.support.files"
local holds = require "threading.trace.holds"
local json = require "threading.trace.json"
local support = require "spec.support"
local trace = require "threading.trace"

local folder

-- Runs a program under THREADING_TRACE; returns what it said, and its events.
local function traced(program, options)
  options = options or {}
  local name = folder .. "/run.json"
  options.before = ("THREADING_TRACE=%s; export THREADING_TRACE"):format(name)
  local r = support.run(program, options)
  return r, assert(events.read(name)), files.read(name)
end

-- The objects of a text of events.
local function list_of(text)
  local list = {}
  for event in json.objects(text) do
    list[#list + 1] = event
  end
  return list
end

local function row_of(run, name)
  for _, row in ipairs(run.rows) do
    if row.name == name then
      return row
    end
  end
  error("no thread " .. name)
end

-- What a thread did of a kind: details with count, total, args.
local function spans_of(run, thread, kind)
  local list = {}
  for number, spans in pairs(row_of(run, thread).spans) do
    if spans.kind == kind then
      local detail = run.details[number]
      list[#list + 1] = { name = detail.name, args = detail.args,
        count = spans.count, total = spans.total }
    end
  end
  return list
end

-- The set of their names.
local function names_of(run, thread, kind)
  local names = {}
  for _, it in ipairs(spans_of(run, thread, kind)) do
    names[it.name] = true
  end
  return names
end

local function total_of(list)
  local sum = 0
  for _, it in ipairs(list) do
    sum = sum + it.total
  end
  return sum
end

local function instants_of(run, name)
  local list = {}
  for _, it in ipairs(run.instants) do
    if run.details[it.detail].name == name then
      list[#list + 1] = it.row.name
    end
  end
  table.sort(list)
  return table.concat(list, " ")
end

-- Under a sanitizer threads switch after some hundred instructions.
local TIMES <const> = support.is_instrumented() and "20000" or "2000000"

local race <const> = ([[
  local threading = require "threading"
  threading.setswitchinterval(0.001)
  local balance, threads = 0, {}
  for i = 1, 2 do
    threads[i] = threading.Thread { name = "Racer-" .. i, target = function()
      for _ = 1, TIMES do
        balance = balance + i
        balance = balance - i
      end
    end }
    threads[i]:start()
  end
  for _, t in ipairs(threads) do
    t:join()
  end
]]):gsub("TIMES", TIMES)

-- One thread holds a lock until the other has waited for it, at known lines.
local lock_program <const> = [[
local threading = require "threading"
local time, _thread = require "threading.time", require "threading._thread"
local lock, holds, comer = threading.Lock(), threading.Event(), nil
local holder = threading.Thread { name = "Holder", target = function()
  lock:acquire()
  holds:set()
  repeat until _thread._parked()[comer.ident] == "Lock" time.sleep(0.2)
  lock:release()
end }
comer = threading.Thread { name = "Comer", target = function()
  holds:wait()
  lock:acquire()
  lock:release()
end }
comer:start()
holder:start()
comer:join()
holder:join()
]]

describe("A trace", function()
  before_each(function()
    folder = files.folder()
  end)

  after_each(function()
    os.execute("rm -r " .. folder)
  end)

  it("is not made of a program that does not ask for it", function()
    local r = support.run(race .. [[
      assert(not require("threading.trace").is_on())
      assert(not package.loaded["threading.trace.program"])
    ]], { before = "THREADING_TRACE=; export THREADING_TRACE" })
    assert.equal(0, r.code)
    assert.equal("", r.err)
  end)

  it("shows that threads take turns in a race", function()
    local r, run = traced(race)
    assert.equal(0, r.code)
    for _, name in ipairs { "Racer-1", "Racer-2" } do
      local ran = spans_of(run, name, "lua")
      local ready = spans_of(run, name, "ready")
      assert.is_true(total_of(ran) > 0 and total_of(ready) > 0)
      assert.same({}, spans_of(run, name, "wait"))
    end
    -- where they were preempted
    local at = spans_of(run, "Racer-1", "ready")
    local found = false
    for _, it in ipairs(at) do
      found = found or (it.args.at or ""):find ":[678]$" ~= nil
    end
    assert.is_true(found)
    assert.equal("Racer-1 Racer-2", instants_of(run, "start"))
    assert.equal("Racer-1 Racer-2", instants_of(run, "end"))
  end)

  it("never shows two threads of one interpreter in Lua at a time", function()
    local _, run = traced(race)
    local turns = {}
    for _, row in ipairs(run.rows) do
      local lane = row.states
      for i = 1, #lane.from do
        if events.kinds[lane.kind[i]] == "lua" then
          turns[#turns + 1] = { from = lane.from[i], to = lane.to[i] }
        end
      end
    end
    table.sort(turns, function(a, b)
      return a.from < b.from
    end)
    for i = 2, #turns do
      assert.is_true(turns[i].from >= turns[i - 1].to)
    end
    assert.is_true(#turns > 4)
  end)

  it("counts how often locks are taken, and measures who holds them", function()
    local _, run = traced [[
      local threading, time = require "threading", require "threading.time"
      local loops = require "threading.loops"
      local lock = threading.Lock { name = "accounts" }
      local again = threading.RLock { name = "again" }
      local in_c = threading.Lock { name = "in C" }
      local condition = threading.Condition { name = "condition" }
      for _ = 1, 1000 do
        lock:acquire()
        lock:release()
        again:acquire() again:acquire() again:release() again:release()
      end
      local t = threading.Thread { name = "Holder", target = function()
        lock:with(time.sleep, 0.3)
      end }
      t:start()
      t:join()
      condition:with(function() condition:wait(0.001) end)
      loops.change(threading.Value "int64", 1, 500, in_c)
    ]]
    local list = {}
    for _, it in ipairs(holds.locks(run)) do
      list[it.name:match '"(.-)"' or it.name] = it
    end
    assert.equal(1001, list.accounts.count)
    assert.equal(1000, list.again.count)
    assert.equal(500, list["in C"].count)
    assert.matches(" at C$", list["in C"].by[1].name)
    local by = list.accounts.by
    assert.matches("^Holder at .*:13$", by[1].name)
    assert.equal(1, by[1].count)
    assert.is_true(by[1].longest >= 3e8 and by[1].total == by[1].longest)
    assert.matches("^MainThread at .*:8$", by[2].name)
    assert.equal(1000, by[2].count)
  end)

  it("counts anew in each of two", function()
    local out = support.output_of(([[
      local threading, trace = require "threading", require "threading.trace"
      local events = require "threading.trace.events"
      local lock = threading.Lock()
      for i = 1, 3 do
        local name = %q .. "/" .. i .. ".json"
        trace.start { file = name }
        if i ~= 2 then
          for _ = 1, 10 * i do lock:acquire() lock:release() end
        end
        trace.stop()
        local locks = events.read(name).locks
        print(#locks, locks[1] and locks[1].taken)
        lock:acquire()
        lock:release()
      end
    ]]):format(folder))
    assert.equal("1\t10\n0\tnil\n1\t30\n", out)
  end)

  it("says which function of C kept the global lock", function()
    local _, run = traced [[
      local threading = require "threading"
      local over
      local t = threading.Thread { target = function()
        while not over do end
      end }
      t:start()
      local text, pattern = ("a"):rep(22), ("a*"):rep(7) .. "b"
      for _ = 1, 4 do
        text:find(pattern)
      end
      local n = 0
      for i = 1, 1e5 do n = n + i end
      over = true
      t:join()
    ]]
    local list = holds.keepers(run)
    assert.equal(1, #list)
    assert.matches("^find at .*:9$", list[1].name)
    assert.is_true(list[1].count >= 1 and list[1].count <= 4)
  end)

  it("says what is waited for, where, and held by whom where", function()
    local r, run = traced(lock_program)
    assert.equal(0, r.code)
    local waits = spans_of(run, "Comer", "lock")
    assert.equal(1, #waits)
    local args = waits[1].args
    assert.matches("^Lock ", args.object)
    assert.equal("Lock", args.kind)
    assert.matches(":12$", args.at)
    assert.equal("Holder", args.held_by)
    assert.matches(":7$", args.held_at)
    assert.is_true(waits[1].total > 1e8)
    local names = {}
    for _, it in ipairs(spans_of(run, "Holder", "wait")) do
      names[it.name] = it.count
    end
    assert.equal(1, names.sleep)
  end)

  it("has arrows from who wakes to who is woken", function()
    local _, run = traced(lock_program)
    local found = false
    for _, it in ipairs(run.arrows) do
      found = found or it.cat == "wake" and it.from.name == "Holder"
        and it.to.name == "Comer"
    end
    assert.is_true(found)
  end)

  it("tells C and compiled code without the lock", function()
    local r, run = traced [[
      local threading = require "threading"
      local loops = require "threading.loops"
      loops.spin(0.01)
      local sum = threading.kernel(
        "int64_t twice(int64_t n) { return 2 * n; }").twice
      assert(sum(21) == 42)
    ]]
    assert.equal("", r.err:match "lua[^\n]*: [^\n]*" or "")
    local names = {}
    for _, kind in ipairs { "c", "kernel" } do
      for _, it in ipairs(spans_of(run, "MainThread", kind)) do
        names[kind .. " " .. tostring(it.args.fn)] = true
      end
    end
    assert.is_true(names["c spin"])
    assert.is_true(names["kernel sum"])
  end)

  it("has the program's own spans and marks, one in another", function()
    local _, run, text = traced [[
      local trace = require "threading.trace"
      require "threading"
      do
        local _ <close> = trace.span "outer"
        do
          local _ <close> = trace.span 'in "quotes"\n'
        end
        trace.mark "half"
      end
    ]]
    local user = {}
    for _, event in ipairs(list_of(text)) do
      if event.cat == "user" then
        user[event.name] = event
      end
    end
    local outer, inner = user.outer, user['in "quotes"\n']
    assert.is_true(outer.ts < inner.ts)
    assert.is_true(inner.ts + inner.dur < outer.ts + outer.dur)
    assert.equal("MainThread", instants_of(run, "half"))
  end)

  it("has spans of a thread that lie in one another", function()
    local _, _, text = traced(race .. [[
      local trace = require "threading.trace"
      for i = 1, 3 do
        local _ <close> = trace.span "a"
        threading.Thread { target = function() end }:start()
      end
    ]])
    local ends = {}
    local spans = {}
    for _, event in ipairs(list_of(text)) do
      if event.ph == "X" then
        spans[#spans + 1] = event
      end
    end
    table.sort(spans, function(a, b)
      return a.ts ~= b.ts and a.ts < b.ts or a.ts == b.ts and a.dur > b.dur
    end)
    for _, event in ipairs(spans) do
      local open = ends[event.tid] or {}
      ends[event.tid] = open
      while open[#open] and open[#open] <= event.ts + 0.0015 do
        table.remove(open)
      end
      local to = event.ts + event.dur
      assert.is_true(not open[#open] or to <= open[#open] + 0.0015)
      table.insert(open, to)
    end
  end)

  it("tells errors that end a thread, and cancellations", function()
    local _, run, text = traced [[
      local threading = require "threading"
      local fails = threading.Thread { name = "Fails", target = function()
        error "oh no"
      end }
      require "threading._thread".start_new_thread(error, "low")
      local asleep = threading.Event()
      local ends = threading.Thread { name = "Cancelled", target = function()
        asleep:set()
        require("threading").Event():wait(100)
      end }
      fails:start()
      fails:join()
      ends:start()
      asleep:wait()
      ends:cancel()
      ends:join()
    ]]
    local told = {}
    for _, event in ipairs(list_of(text)) do
      if event.name == "exception" then
        told[#told + 1] = event.args.text
      end
    end
    table.sort(told)
    assert.equal(2, #told)
    assert.matches(":3: oh no$", told[1])
    assert.equal("low", told[2])
    assert.equal("Cancelled", instants_of(run, "cancel"))
    assert.matches("Fails", instants_of(run, "exception"))
  end)

  it("is not made of programs that the program starts", function()
    local r, run = traced(([[
      require "threading"
      print(os.getenv "THREADING_TRACE")
      local time = require "threading.time"
      os.execute %q
      time.sleep(0.01)
    ]]):format(support.lua_command() .. [[ -e 'require "threading"']]))
    assert.equal("nil\n", r.out)
    assert.is_true(names_of(run, "MainThread", "wait").sleep)
    assert.equal(1, select(2, r.err:gsub("the trace is in", "")))
  end)

  it("shows interpreters as processes", function()
    local _, run = traced [[
      local interpreters = require "threading.interpreters"
      require "threading"
      local it = interpreters.create()
      it:exec "local x = 0; for i = 1, 300000 do x = x + i end"
      it:close()
    ]]
    assert.equal(2, #run.processes)
    assert.equal("main interpreter", run.processes[1].name)
    assert.matches("^interpreter %d", run.processes[2].name)
    local rows = {}
    for _, row in ipairs(run.rows) do
      rows[#rows + 1] = row.pid == run.processes[1].pid and "main" or "other"
    end
    assert.equal("main other", table.concat(rows, " "))
    assert.is_true(names_of(run, "MainThread", "c").exec)
  end)

  it("counts memory and threads that can run", function()
    local _, run = traced(race)
    local least, most = {}, {}
    for _, counter in ipairs(run.counters) do
      least[counter.name] = math.min(table.unpack(counter.value))
      most[counter.name] = math.max(table.unpack(counter.value))
    end
    assert.is_true(least.memory > 10000)
    assert.is_true(least.runnable >= 1)
    -- the main thread may not have come to its wait yet
    assert.is_true(most.runnable == 2 or most.runnable == 3)
  end)

  it("is whole after an error, os.exit, and os.exit with close", function()
    for _, last in ipairs { "error 'oh'", "os.exit(3)", "os.exit(3, true)" } do
      local r, run, text = traced(lock_program .. last)
      assert.equal(last:find "error" and 1 or 3, r.code)
      assert.matches("\n%]\n$", text)
      assert.equal("Comer Holder", instants_of(run, "end"))
      assert.matches("run%.json", r.err)
    end
  end)

  it("can be read after a kill, with what still lasts", function()
    local r, run, text = traced([[
      local threading = require "threading"
      local time = require "threading.time"
      threading.Thread { name = "Sleeper", daemon = true, target = function()
        time.sleep(1000)
      end }:start()
      time.sleep(2.2)
      io.popen "kill -9 $PPID":read "a"
      time.sleep(1000)
    ]], { seconds = 60 })
    assert.equal(9, r.signal)
    assert.not_matches("%]\n$", text)
    local longest = 0
    for _, it in ipairs(spans_of(run, "Sleeper", "wait")) do
      longest = it.name == "sleep" and it.total or longest
    end
    assert.is_true(longest > 1e9)
  end)

  it("is made a page, or a picture, by its name", function()
    for _, ending in ipairs { "html", "svg" } do
      local name = folder .. "/seen." .. ending
      local r = support.run(lock_program, { before =
        ("THREADING_TRACE=%s; export THREADING_TRACE"):format(name) })
      assert.equal(0, r.code)
      assert.matches("waited for", r.err)
      assert.matches("Comer", files.read(name))
      assert.is_true(#assert(events.read(folder .. "/seen.json")).rows == 3)
    end
  end)

  it("begins and ends where the program says, again and again", function()
    local name = folder .. "/part.json"
    for _ = 1, 3 do
      trace.start { file = name }
      assert.is_true(trace.is_on())
      assert.equal("trace.start: a trace is being made already: stop it first",
        support.message(trace.start, { file = name }))
      local t = support.start(function()
        local _ <close> = trace.span "work"
      end)
      support.join(t)
      assert.equal(0, trace.stop())
      assert.is_false(trace.is_on())
      local run = assert(events.read(name))
      assert.equal(t.name, instants_of(run, "start"))
      assert.equal(2, #run.rows)
    end
    assert.matches("MainThread", trace.report())
    assert.same({ nil, "no trace is being made" }, { trace.stop() })
  end)

  it("has texts that are UTF-8, whatever the names are", function()
    local name = folder .. "/names.json"
    trace.start { file = name }
    for _, mark in ipairs { "gr\u{fc}n", "\xfc", "cut \xe2\x82",
      "\u{1F600}" } do
      trace.mark(mark)
    end
    assert.equal(0, trace.stop())
    local text = files.read(name)
    assert.is_truthy(utf8.len(text))
    for _, mark in ipairs { "gr\u{fc}n", "\\u00fc", "cut \\u00e2\\u0082",
      "\u{1F600}" } do
      assert.is_truthy(text:find('"' .. mark .. '"', 1, true), mark)
    end
  end)

  it("says what it lacks where events came too quickly", function()
    local name = folder .. "/many.json"
    trace.start { file = name }
    for i = 1, 20000 do
      trace.mark(i % 10)
    end
    local lost = trace.stop()
    local run = assert(events.read(name))
    assert.equal(20000, #run.instants + lost)
    local told = files.read(name)
      :match '"events_dropped","args":{"events":(%d+)'
    assert.equal(lost, tonumber(told or 0))
  end)

  it("is none in the child of a fork", function()
    local r, run = traced [[
      local explore = require "threading.explore"
      local threading = require "threading"
      local trace = require "threading.trace"
      local result = explore.run(function()
        assert(not trace.is_on() and not trace.stop())
        local t = threading.Thread { target = function() end }
        t:start()
        t:join()
      end, { isolate = "fork", schedules = 2 })
      print(result.report)
      assert(result.ok)
      trace.mark "parent"
    ]]
    assert.equal(0, r.code)
    assert.equal(1, #run.rows)
    assert.equal("MainThread", instants_of(run, "parent"))
    assert.matches("^threading: the trace is in [^\n]*\n\nthread", r.err)
  end)

  it("says what is wrong with its arguments", function()
    assert.equal("bad argument 'file' to 'trace.start' (string expected, got "
      .. "nil)", support.message(trace.start, {}))
    assert.equal("trace.start: /nowhere/run.json: No such file or directory",
      support.message(trace.start, { file = "/nowhere/run.html" }))
    assert.is_false(trace.is_on())
    assert.equal("bad argument 'name' to 'trace.span' (string expected, got "
      .. "table)", support.message(trace.span, {}))
  end)
end)
