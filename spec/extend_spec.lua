local queue = require "threading.queue"
local support = require "spec.support"
local threading = require "threading"

-- A Semaphore that counts who has it.
local function counting()
  local Counting = threading.extend(threading.Semaphore, "Counting")
  function Counting:init(value)
    Counting.super.init(self, value)
    self.held = 0
  end
  function Counting:acquire(...)
    local got = Counting.super.acquire(self, ...)
    self.held = self.held + (got and 1 or 0)
    return got
  end
  function Counting:release(n)
    Counting.super.release(self, n)
    self.held = self.held - (n or 1)
  end
  return Counting
end

describe("extend", function()
  it("makes a class whose objects do what they did, but for its methods",
    function()
      local Counting = counting()
      local s = Counting(2)
      assert.is_true(s:acquire())
      assert.is_true(s:acquire(false))
      assert.is_false(s:acquire(false))
      assert.is_false(s:acquire { timeout = 0.001 })
      assert.equal(2, s.held)
      s:release(2)
      assert.equal(0, s.held)
      assert.matches("^<Counting at 0x%x+: value=2>$", tostring(s))
    end)

  it("the guard and with go by the methods of the class", function()
    local s = counting()(1)
    do
      local _ <close> = s:guard()
      assert.equal(1, s.held)
    end
    assert.equal(0, s.held)
    assert.equal("x", support.message(function()
      local _ <close> = s:guard()
      error("x", 0)
    end))
    assert.equal(0, s.held)
    local r = table.pack(s:with(function(...)
      return s.held, ...
    end, 5, nil))
    assert.same({ 1, 5, nil, n = 3 }, r)
    assert.equal(0, s.held)
  end)

  it("threads wait for its objects", function()
    local s = counting()(0)
    local t = support.start(function()
      s:acquire()
    end)
    support.wait_thread_parked(t, "Semaphore")
    s:release()
    support.join(t)
  end)

  it("keeps what is not overridden, fields too", function()
    local Gate = threading.extend(threading.Barrier, "Gate")
    local gate = Gate(1)
    assert.equal(1, gate.parties)
    assert.equal(0, gate:wait())
    assert.is_false(gate.broken)
    assert.is_nil(gate.no_such_field)
    gate.own = 7
    assert.equal(7, gate.own)
    local Box = threading.extend(queue.Queue, "Box")
    local box = Box()
    for _, key in ipairs { "size", "count", "send", "foo", 1, true } do
      assert.is_nil(box[key]) -- though they say where a Queue has the like
    end
    local Named = threading.extend(threading.Lock, "Named")
    assert.equal("accounts", Named { name = "accounts" }:get_name())
    local Jobs = threading.extend(queue.Queue, "Jobs")
    function Jobs:put(item, ...)
      return Jobs.super.put(self, "job " .. item, ...)
    end
    local jobs = Jobs(3)
    jobs:put "one"
    assert.equal("job one", jobs:get())
  end)

  it("works for Events, RLocks, RWLocks and Conditions", function()
    local event = threading.extend(threading.Event, "E")()
    assert.is_false(event:wait(0))
    event:set()
    assert.is_true(event:wait())
    local rlock = threading.extend(threading.RLock, "R")()
    rlock:acquire()
    rlock:acquire()
    rlock:release()
    assert.is_true(rlock:locked())
    rlock:release()
    local rw = threading.extend(threading.RWLock, "W")()
    do
      local _ <close> = rw:reading()
      assert.matches("<locked W readers=1 at", tostring(rw), 1, true)
    end
    local condition = threading.extend(threading.Condition, "C")()
    do
      local _ <close> = condition:guard()
      condition:notify()
      assert.is_false(condition:wait(0))
    end
  end)

  it("a Condition may stand on an object of such a class", function()
    local Noted = threading.extend(threading.Lock, "Noted")
    local lock = Noted()
    local condition = threading.Condition(lock)
    local _ <close> = condition:guard()
    assert.is_true(lock:locked())
    assert.is_false(condition:wait(0))
  end)

  it("a class may be extended further", function()
    local Counting = counting()
    local Polite = Counting:extend "Polite"
    function Polite:acquire(...)
      self.asked = (self.asked or 0) + 1
      return Polite.super.acquire(self, ...)
    end
    local s = Polite(1)
    assert.is_true(s:acquire())
    assert.same({ 1, 1 }, { s.asked, s.held })
    s:release()
    assert.equal(0, s.held)
    assert.matches("^<Polite at", tostring(s))
    local More = threading.extend(Polite, "More")
    assert.is_true(More(1):acquire())
  end)

  it("of Thread, Timer and Local it is their extend", function()
    local Loader = threading.extend(threading.Thread, "Loader")
    function Loader:run()
      self.ran = true
    end
    local t = Loader():start()
    support.join(t)
    assert.is_true(t.ran)
    assert.matches("^<Loader%(", tostring(t))
    assert.is_truthy(threading.extend(threading.Local, "Mine")())
  end)

  it("bad arguments, and an init that was forgotten, are errors", function()
    for _, bad in ipairs { 1, "x", {}, true } do
      assert.matches("bad argument 'base' to 'extend' (callable expected",
        support.message(threading.extend, bad, "X"), 1, true)
    end
    for _, bad in ipairs { 1, {}, true, print } do
      assert.matches("bad argument 'name' to 'extend' (string expected",
        support.message(threading.extend, threading.Lock, bad), 1, true)
      assert.matches("bad argument 'name' to 'extend' (string expected",
        support.message(counting().extend, counting(), bad), 1, true)
    end
    local Wrong = threading.extend(math.abs, "Wrong")
    assert.equal("bad argument 'base' to 'extend' (it makes none of C's "
      .. "objects)", support.message(Wrong, 1))
    local Forgets = threading.extend(threading.Lock, "Forgets")
    function Forgets.init() end
    local forgot = Forgets()
    for _, call in ipairs {
      function() forgot:acquire() end, function() tostring(forgot) end,
    } do
      assert.equal("init() of the class that this one extends was not called",
        support.message(call))
    end
    local event = threading.extend(threading.Event, "E")()
    assert.equal("init() of the class that this one extends was not called",
      support.message(event.wait, threading.Event()))
  end)
end)
