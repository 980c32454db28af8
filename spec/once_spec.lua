local cancelling = require "spec.support.cancelling"
local support = require "spec.support"
local threading = require "threading"

describe("once", function()
  it("runs the function once, and returns its results each time", function()
    local calls = 0
    local f = threading.once(function(...)
      calls = calls + 1
      return nil, calls, select("#", ...), nil
    end)
    assert.same({ nil, 1, 2, nil, n = 4 }, table.pack(f("a", nil)))
    assert.same({ nil, 1, 2, nil, n = 4 }, table.pack(f()))
    assert.equal(1, calls)
    assert.equal(0, select("#", threading.once(function() end)()))
  end)

  it("those that come meanwhile wait, and get the results", function()
    local go, running, calls = threading.Event(), threading.Event(), 0
    local f = threading.once(function()
      calls = calls + 1
      running:set()
      go:wait()
      return calls
    end)
    local list, note = support.shared_list()
    local threads = support.start_many(5, function()
      note(f())
    end)
    running:wait()
    support.wait_parked(4, "RLock")
    assert.same({}, list)
    go:set()
    support.join(threads)
    assert.same({ 1, 1, 1, 1, 1 }, list)
  end)

  it("many threads at once run it once", function()
    local _ <close> = support.switch_often()
    for _ = 1, 20 do
      local count = support.counter()
      local f = threading.once(function()
        return count(1)
      end)
      support.join(support.start_many(8, function()
        assert(f() == 1)
      end))
      assert.equal(1, count())
    end
  end)

  it("after an error, which its caller gets, the next one runs it", function()
    local calls, mine = 0, {}
    local f = threading.once(function()
      calls = calls + 1
      if calls < 3 then
        error(mine)
      end
      return calls
    end)
    for _ = 1, 2 do
      local ok, err = pcall(f)
      assert.is_false(ok)
      assert.equal(mine, err)
    end
    assert.equal(3, f())
    assert.equal(3, f())
  end)

  it("where the thread that runs it is cancelled, one that waits runs it",
    function()
      local event, calls = threading.Event(), 0
      local f = threading.once(function()
        calls = calls + 1
        if calls == 1 then
          event:wait()
        end
        return calls
      end)
      local first, result = cancelling.start(f)
      support.wait_thread_parked(first, "Event")
      local got
      local second = support.start(function()
        got = f()
      end)
      support.wait_thread_parked(second, "RLock")
      first:cancel()
      support.join { first, second }
      cancelling.assert_cancelled(result)
      assert.equal(2, got)
    end)

  it("one that waits can be cancelled", function()
    local event = threading.Event()
    local f = threading.once(function()
      event:wait()
    end)
    local first = support.start(f)
    support.wait_thread_parked(first, "Event")
    local second, result = cancelling.start(f)
    support.wait_thread_parked(second, "RLock")
    second:cancel()
    support.join(second)
    cancelling.assert_cancelled(result)
    event:set()
    support.join(first)
    f()
  end)

  it("called by the function itself it raises, and can be called again",
    function()
      local f, again = nil, true
      f = threading.once(function()
        return again and f() or "done"
      end)
      assert.equal("the function that 'once' runs has called it again",
        support.message(f))
      again = false
      assert.equal("done", f())
    end)

  it("two that call each other are a deadlock, which is told", function()
    local f, g
    local inside = threading.Barrier(2)
    local count = support.counter()
    local function meet()
      if count(1) <= 2 then
        inside:wait()
      end
    end
    f = threading.once(function()
      meet()
      return g()
    end)
    g = threading.once(function()
      meet()
      return f()
    end)
    local errors, note = support.shared_list()
    local function call(h)
      local ok, err = pcall(h)
      if not ok then
        note(err)
      end
    end
    support.join { support.start(call, f), support.start(call, g) }
    assert.is_true(#errors >= 1)
    assert.matches("deadlock", errors[1], 1, true)
  end)

  it("drops the function when it has run", function()
    local weak = setmetatable({}, { __mode = "k" })
    local function make()
      local big = {}
      weak[big] = true
      return threading.once(function()
        return big and 1
      end)
    end
    local f = make()
    collectgarbage()
    assert.is_truthy(next(weak))
    f()
    support.wait_until(function()
      collectgarbage()
      return next(weak) == nil
    end, "the upvalue to be collected")
    assert.equal(1, f())
  end)

  it("takes what is callable, and nothing else", function()
    assert.equal(5, threading.once(setmetatable({}, {
      __call = function(_, x)
        return x
      end,
    }))(5))
    for _, bad in ipairs { 1, "x", {}, true } do
      assert.matches("bad argument 'fn' to 'once' (callable expected",
        support.message(threading.once, bad), 1, true)
    end
  end)
end)
