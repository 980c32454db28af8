local loops = require "threading.loops"
local support = require "spec.support"
local threading = require "threading"
local time = require "threading.time"

describe("loops.change", function()
  it("ends where it began, and returns how many changes it made", function()
    for _, times in ipairs { 0, 1, 1000, 200000 } do
      local i = threading.Value("int64", 7)
      assert.equal(times, loops.change(i, 5, times))
      assert.equal(7, i.value)
      local f = threading.Value("float64", 7)
      assert.equal(times, loops.change(f, 0.5, times))
      assert.equal(7, f.value)
    end
  end)

  it("int64 wraps around", function()
    local v = threading.Value("int64", math.maxinteger)
    assert.equal(3, loops.change(v, math.maxinteger, 3))
    assert.equal(math.maxinteger, v.value)
  end)

  it("float64 takes an n that is a float, int64 one that is whole", function()
    assert.equal(2, loops.change(threading.Value("float64", 1), 1.5, 2))
    assert.equal(2, loops.change(threading.Value("int64", 1), 3, 2))
  end)

  it("takes whole floats for integers, and says what it got", function()
    local v = threading.Value("int64", 1)
    assert.equal(2, loops.change(v, 3.0, 2.0))
    assert.equal(1, v.value)
    local function message(...)
      return (support.message(loops.change, ...):match "%((.*)%)$")
    end
    assert.equal("balance: int64 or float64 Value expected, got 1",
      message(1, 1, 1))
    assert.equal("n: integer expected, got 1.5", message(v, 1.5, 1))
    assert.equal("n: integer expected, got string", message(v, "1", 1))
    assert.equal("times: integer expected, got 2.5", message(v, 1, 2.5))
    assert.equal("times: must not be negative", message(v, 1, -1))
    assert.equal("lock: threading.Lock expected, got threading.RLock",
      message(v, 1, 1, threading.RLock()))
  end)

  it("rounds as float64 does", function()
    local v = threading.Value("float64", 1)
    loops.change(v, 1e300, 1)
    assert.equal(0, v.value)
  end)

  it("with a Lock leaves it free, and no change is lost", function()
    local lock = threading.Lock()
    for _, type in ipairs { "int64", "float64" } do
      local v = threading.Value(type, 0)
      local made = {}
      lock:acquire()
      local list = support.start_many(3, function(i)
        made[i] = loops.change(v, i, 50000, lock)
      end)
      support.wait_parked(3, "Lock") -- so that they run side by side
      assert.equal(0, v.value)
      lock:release()
      support.join(list)
      assert.same({ 50000, 50000, 50000 }, made)
      assert.equal(0, v.value)
      assert.is_false(lock:locked())
    end
  end)
end)

describe("loops.spin", function()
  it("spins for so long, and returns its turns", function()
    for _, seconds in ipairs { 0, 0.0, 0.01 } do
      local start = time.monotonic()
      local turns = loops.spin(seconds)
      assert.is_true(time.monotonic() - start >= seconds)
      assert.equal("integer", math.type(turns))
      assert.is_true(seconds == 0 or turns > 0)
    end
  end)

  it("ends when its Event is set", function()
    local event = threading.Event()
    local turns
    local t = support.start(function()
      turns = loops.spin(event)
    end)
    event:set()
    support.join(t)
    assert.equal("integer", math.type(turns))
    assert.equal(0, loops.spin(event)) -- it is set already
  end)

  it("says what it got", function()
    local function message(...)
      return (support.message(loops.spin, ...):match "%((.*)%)$")
    end
    assert.equal("stop: number of seconds or Event expected, got table",
      message {})
    assert.equal("stop: number of seconds or Event expected, got "
      .. "threading.Lock", message(threading.Lock()))
    assert.equal("stop: must not be negative or NaN", message(0 / 0))
    assert.equal("stop: must not be negative or NaN", message(-1))
    assert.equal("stop: is too large", message(threading.TIMEOUT_MAX + 1))
  end)

  it("for ever leaves the other threads alone, and ends at the end", function()
    assert.equal("the main thread goes on\n", support.output_of [[
      local threading = require "threading"
      local loops = require "threading.loops"
      for _ = 1, threading.cpu_count() do
        threading.Thread { target = loops.spin, daemon = true }:start()
      end
      local n = 0
      for i = 1, 100000 do
        n = n + i
      end
      print "the main thread goes on"
    ]])
  end)

  it("keeps its thread's CPU busy", function()
    local cpu, wall
    support.join(support.start(function()
      local c, w = time.thread_time(), time.monotonic()
      loops.spin(0.05)
      cpu, wall = time.thread_time() - c, time.monotonic() - w
    end))
    assert.is_true(cpu > 0)
    assert.is_true(wall >= 0.05)
  end)
end)

describe("threading.loops without threading", function()
  it("spins, and says what change needs", function()
    assert.equal("true\ttrue\tfalse\n", support.output_of [[
      local loops = require "threading.loops"
      assert(package.loaded.threading == nil)
      local ok, err = pcall(loops.change, nil, 1, 1)
      print(loops.spin(0.01) > 0,
        err:find('require "threading" first', 1, true) ~= nil, ok)
    ]])
  end)
end)
