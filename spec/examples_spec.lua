-- Runs every example and compares what it prints. How often a race goes wrong
-- and how busy the processors are is measured, not compared.

local files = require "spec.support.files"
local support = require "spec.support"

local function run(name)
  return support.output_of("examples/" .. name .. ".lua")
end

local function run_hurried(name)
  return support.output_of(support.hurried
    .. files.read("examples/" .. name .. ".lua"))
end

local function lines(text)
  local list = {}
  for line in text:gmatch "([^\n]*)\n" do
    list[#list + 1] = line
  end
  return list
end

describe("example", function()
  it("thread.lua prints what the document says", function()
    assert.equal([[
thread MainThread is running...
thread LoopThread is running...
thread LoopThread >>> 1
thread LoopThread >>> 2
thread LoopThread >>> 3
thread LoopThread >>> 4
thread LoopThread >>> 5
thread LoopThread ended.
thread MainThread ended.
]], run_hurried "thread")
  end)

  it("race.lua prints each balance and counts the wrong ones", function()
    local short, changed = files.read "examples/race.lua"
      :gsub("TIMES = 10, 2000000", "TIMES = 10, 20000")
    assert.equal(1, changed)
    local list = lines(support.output_of(short))
    local at = 0
    local function next_line()
      at = at + 1
      return list[at]
    end
    for _, title in ipairs {
      "in Lua, where the threads take turns:",
      "in C, where the threads run at the same time:",
    } do
      assert.equal(title, next_line())
      local wrong = 0
      for round = 1, 10 do
        local n, balance =
          next_line():match "^  round (%d+): balance = (%-?%d+)$"
        assert.equal(round, tonumber(n))
        if tonumber(balance) ~= 0 then
          wrong = wrong + 1
        end
      end
      assert.equal(("  not 0 in %d of 10 rounds"):format(wrong), next_line())
    end
    assert.is_nil(next_line())
  end)

  it("lock.lua prints 0 every time", function()
    local expected = {}
    for round = 1, 5 do
      expected[#expected + 1] = ("round %d\n"):format(round)
        .. "  acquire, pcall, release: balance = 0\n"
        .. "  <close>:                 balance = 0\n"
        .. "  in C, the same Lock:     balance = 0\n"
    end
    assert.equal(table.concat(expected), run "lock")
  end)

  it("deadlock.lua tells the circle, and ends by itself", function()
    local r = support.run "examples/deadlock.lua"
    assert.equal(0, r.code)
    local lucky =
      r.out:match "^(t[12]) has both locks\nboth threads ended\n\n"
    assert.is_truthy(lucky, r.out)
    assert.matches("\nlocks in different orders:\nexplore: schedule %d+ of "
      .. "1000 fails in %a+: %S+ deadlock: .*\n1 preemption .*\nlocks in the "
      .. "same order:\nexplore: no failure in 1000 schedules, and none with "
      .. "one preemption at any of %d+ points\n$", r.out)
    local told = lucky == "t1" and "t2" or "t1"
    local function waits(who, holder)
      return "    " .. who .. " waits for Lock 0x%x+ at "
        .. "examples/deadlock%.lua:%d+, held by " .. holder .. "\n"
    end
    assert.matches("^Exception in thread " .. told .. ":\n"
      .. "examples/deadlock%.lua:%d+: "
      .. "deadlock: threads wait for each other in a circle\n"
      .. waits(told, lucky) .. waits(lucky, told) .. "stack traceback:\n",
      r.err)
  end)

  it("explore.lua finds the race, and none with the lock", function()
    local out = run "explore"
    assert.matches("^without a lock:\nexplore: schedule %d+ of 1000 fails: "
      .. "examples/explore.lua:%d+: balance is %-?%d\n2 preemptions .*"
      .. "interrupted here; n = [58].*\nwith a lock:\nexplore: no failure in "
      .. "1000 schedules, and none with one preemption at any of %d+ points\n$",
      out)
  end)

  it("timeline.lua makes a page and a picture of its three parts", function()
    local folder = files.folder()
    local name = folder .. "/run"
    local out = support.output_of("examples/timeline.lua", { args = { name } })
    assert.equal(("see %s.html and %s.svg\n"):format(name, name), out)
    for _, ending in ipairs { ".html", ".svg" } do
      local text = files.read(name .. ending)
      for _, title in ipairs { "the race", "with a lock", "all cores",
        "Thread-1", "balance is 0" } do
        assert.is_truthy(text:find(title, 1, true), title)
      end
    end
    os.execute("rm -r " .. folder)
  end)

  it("multicore.lua measures one core in Lua, and says why", function()
    local list = lines(run_hurried "multicore")
    local threads, lua_use = list[1]:match
      "^endless loops in Lua: (%d+) threads, (%d+) %% CPU$"
    assert.equal(require("threading").cpu_count(), tonumber(threads))
    -- an upper bound holds on a busy machine too; a lower one does not
    assert.is_true(tonumber(lua_use) < 120, list[1])
    for i, title in ipairs { "the same, compiled", "endless loops in C" } do
      local n, use = list[i + 1]:match("^" .. title
        .. ": (%d+) threads, (%d+) %% CPU$")
      assert.equal(threads, n)
      assert.is_true(tonumber(use) > 0, list[i + 1])
    end
    assert.same({
      "Lua: the threads share one Lua state, and one at a time may run in it.",
      "Compiled, or C: the threads let go of the Lua state; each has a core.",
    }, { list[4], list[5] })
    assert.equal(5, #list)
  end)

  it("mandelbrot.lua writes a picture that is its own mirror", function()
    local name = os.tmpname()
    local out = support.output_of("examples/mandelbrot.lua",
      { args = { "90", name } })
    assert.matches(": 90 x 60, in %d+%.%d+ s on %d+ cores\n$", out)
    local f <close> = assert(io.open(name, "rb"))
    assert.equal("P6\n90 60\n255\n", f:read(13))
    local rows = {}
    for j = 1, 60 do
      rows[j] = f:read(3 * 90)
    end
    assert.is_nil(f:read(1))
    os.remove(name)
    for j = 1, 30 do
      assert.equal(rows[j], rows[61 - j])
    end
    assert.is_nil(rows[1]:find "\0\0\0") -- far outside of the set
    assert.equal("\0\0\0", rows[30]:sub(3 * 62 + 1, 3 * 63)) -- inside
  end)

  it("montecarlo.lua comes near pi", function()
    local out = support.output_of("examples/montecarlo.lua",
      { args = { "1" } })
    local pi = out:match "^pi is about (%d%.%d+), from 1000000 points on %d+"
    assert.is_true(math.abs(pi - math.pi) < 0.01, out)
  end)

  it("histogram.lua sorts", function()
    for _, n in ipairs { "0", "1", "100000" } do
      local list = lines(support.output_of("examples/histogram.lua",
        { args = { n } }))
      assert.matches("^" .. n .. " numbers on %d+ cores$", list[1])
      assert.equal(n == "0" and 6 or 7, #list)
    end
  end)

  for _, pool in ipairs { "ThreadPoolExecutor", "InterpreterPoolExecutor",
      "ProcessPoolExecutor" } do
    it("pools.lua prints the same with a " .. pool, function()
      local out = support.output_of("examples/pools.lua", { args = { pool } })
      assert.matches("^pi is about 3.140\n'the' is there %d+ times, in %d+ "
        .. "files\n[%d.]+ s with a " .. pool .. "\n$", out)
    end)
  end

  it("wordcount.lua counts the words of files", function()
    local name = os.tmpname()
    files.write(name, ("to be or not to be\n"):rep(100))
    local out = support.output_of("examples/wordcount.lua",
      { args = { name, name } })
    os.remove(name)
    assert.matches("^1200 words, 4 different, in 2 files: %d+%.%d%d s "
      .. "on %d+ cores\n   400 be\n   400 to\n   200 not\n   200 or\n$", out)
  end)

  it("logs.lua counts requests on all cores, into one Array", function()
    local name, list = os.tmpname(), {}
    for k = 1, 3000 do
      list[k] = ('h - - [01/Jan/2026:%02d:00:00 +0000] "GET /" %d 10\n')
        :format(k % 3, k % 10 == 0 and 500 or 200)
    end
    files.write(name, table.concat(list))
    local out = lines(support.output_of("examples/logs.lua",
      { args = { name } }))
    os.remove(name)
    for hour = 0, 23 do
      assert.equal(("%02d:00 %7d requests, %5d failed"):format(hour,
        hour < 3 and 1000 or 0, hour < 3 and 100 or 0), out[hour + 1])
    end
    assert.equal("30000 bytes", out[25])
  end)

  it("database.lua does not stop while SQLite works", function()
    if not pcall(require, "luasql.sqlite3") then
      pending "needs LuaSQL with SQLite"
    end
    assert.equal("19701 pairs; the main thread ran many times meanwhile\n",
      run "database")
  end)
end)
