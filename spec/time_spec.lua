local support = require "spec.support"
local time = require "threading.time"

-- Keeps this thread computing for that long, by its own CPU clock.
local function burn(seconds)
  local finish = time.thread_time() + seconds
  local x = 0
  while time.thread_time() < finish do
    x = x ~ 1
  end
end

describe("time.sleep", function()
  it("returns nothing, not before its time", function()
    for _, seconds in ipairs { 0, 0.0, 1e-9, 0.01, 0.03 } do
      local start = time.monotonic()
      assert.equal(0, select("#", time.sleep(seconds)))
      assert.is_true(time.monotonic() - start >= seconds)
    end
  end)

  it("lets the others run meanwhile", function()
    local out = support.output_of [[
      local threading = require "threading"
      local time = require "threading.time"
      local _thread = require "threading._thread"
      for i = 1, 10 do
        threading.Thread {
          target = time.sleep, args = { threading.TIMEOUT_MAX }, daemon = true,
        }:start()
      end
      local n
      repeat
        n = 0
        for _, what in pairs(_thread._parked()) do
          assert(what == "sleep")
          n = n + 1
        end
        time.sleep(0)
      until n == 10
      print "all asleep"
    ]]
    assert.equal("all asleep\n", out)
  end)

  it("in a coroutine sleeps the thread", function()
    assert.is_true(coroutine.wrap(function()
      time.sleep(0.001)
      return true
    end)())
  end)
end)

describe("the clocks", function()
  it("are floats", function()
    for _, name in ipairs {
      "time", "monotonic", "perf_counter", "thread_time", "process_time",
    } do
      assert.equal("float", math.type(time[name]()), name)
    end
  end)

  it("time is the seconds since 1970", function()
    local before, now = os.time(), time.time()
    local after = os.time() -- of a clock that ticks, and may lag by a tick
    assert.is_true(before <= now + 0.1 and now <= after + 1.1)
  end)

  it("monotonic and perf_counter never go back", function()
    for _, clock in ipairs { time.monotonic, time.perf_counter } do
      local last = clock()
      for _ = 1, 1000 do
        local now = clock()
        assert.is_true(now >= last)
        last = now
      end
    end
  end)

  it("monotonic is one clock for all threads", function()
    local a = time.monotonic()
    local b = support.in_thread(time.monotonic)
    assert.is_true(a <= b)
    assert.is_true(b <= time.monotonic())
  end)

  it("thread_time counts the calling thread alone", function()
    local worker
    local main = time.thread_time()
    support.join(support.start(function()
      burn(0.1)
      worker = time.thread_time()
    end))
    main = time.thread_time() - main
    assert.is_true(worker >= 0.1)
    assert.is_true(main < 0.1)
  end)

  it("process_time counts all threads", function()
    local before = time.process_time()
    support.join(support.start_many(2, function()
      burn(0.03)
    end))
    assert.is_true(time.process_time() - before >= 0.06)
  end)

  it("CPU clocks stand still in a sleep, which may be an integer", function()
    local thread, process = time.thread_time(), time.process_time()
    local start = time.monotonic()
    time.sleep(1)
    assert.is_true(time.monotonic() - start >= 1)
    assert.is_true(time.thread_time() - thread < 0.2)
    assert.is_true(time.process_time() - process < 0.2)
  end)
end)
