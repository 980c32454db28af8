local support = require "spec.support"
local threading = require "threading"
local time = require "threading.time"

-- An interval that no spec comes near.
local LONG <const> = 1000

describe("Timer", function()
  it("calls the function after the interval, in a thread of its own",
    function()
      local calls, start, timer = {}, time.monotonic(), nil
      timer = threading.Timer(0.02, function(...)
        calls[#calls + 1] = {
          n = select("#", ...),
          thread = threading.current_thread(),
          after = time.monotonic() - start,
          finished = timer.finished:is_set(),
        }
      end)
      timer:start()
      support.join(timer)
      assert.equal(1, #calls)
      assert.equal(0, calls[1].n)
      assert.equal(timer, calls[1].thread)
      assert.is_true(calls[1].after >= 0.02)
      assert.is_false(calls[1].finished)
      assert.is_true(timer.finished:is_set())
    end)

  it("passes the arguments, trailing nils too", function()
    local got
    local timer = threading.Timer(0, function(...)
      got = table.pack(...)
    end, { 1, nil, "x", nil, n = 4 })
    timer:start()
    support.join(timer)
    assert.same({ 1, nil, "x", nil, n = 4 }, got)
  end)

  it("passes the table kwargs behind them, as it is", function()
    local got, kwargs = {}, { verbose = true }
    local function note(...)
      got[#got + 1] = table.pack(...)
    end
    for i, args in ipairs { {}, { 1, n = 2 } } do
      support.join(threading.Timer(0, note, args, kwargs):start())
      assert.equal(i, #got)
    end
    support.join(threading.Timer(0, note, nil, kwargs):start())
    assert.same({ kwargs, n = 1 }, got[1])
    assert.same({ 1, nil, kwargs, n = 3 }, got[2])
    assert.same({ kwargs, n = 1 }, got[3])
    for _, it in ipairs(got) do
      assert.equal(kwargs, it[it.n])
    end
    assert.equal(kwargs, threading.Timer(0, note, {}, kwargs).kwargs)
  end)

  it("start returns it", function()
    local timer = threading.Timer(0, function() end)
    assert.equal(timer, timer:start())
    support.join(timer)
  end)

  it("calls what is callable", function()
    local got
    local timer = threading.Timer(0, setmetatable({}, {
      __call = function(_, x)
        got = x
      end,
    }), { 5 })
    timer:start()
    support.join(timer)
    assert.equal(5, got)
  end)

  it("each has arguments of its own", function()
    local one, two = threading.Timer(0, print), threading.Timer(0, print)
    assert.same({}, one.args)
    assert.are_not.equal(one.args, two.args)
  end)

  it("cancel ends it at once, and nothing is called", function()
    local called = false
    local timer = threading.Timer(LONG, function()
      called = true
    end)
    timer:start()
    support.wait_thread_parked(timer, "Event")
    timer:cancel()
    support.join(timer)
    assert.is_false(called)
    assert.is_true(timer.finished:is_set())
    assert.is_false(timer:is_alive())
  end)

  it("cancelled before it is started, it calls nothing", function()
    local called = false
    local timer = threading.Timer(0, function()
      called = true
    end)
    timer:cancel()
    assert.is_true(timer.finished:is_set())
    timer:start()
    support.join(timer)
    assert.is_false(called)
  end)

  it("cancel twice, or after the call, does nothing", function()
    local calls = 0
    local timer = threading.Timer(0, function()
      calls = calls + 1
    end)
    timer:start()
    support.join(timer)
    timer:cancel()
    timer:cancel()
    assert.equal(1, calls)
  end)

  it("cancel from within the function does not harm it", function()
    local calls, timer = 0, nil
    timer = threading.Timer(0, function()
      timer:cancel()
      calls = calls + 1
    end)
    timer:start()
    support.join(timer)
    assert.equal(1, calls)
  end)

  it("an error goes to excepthook; it is then not finished", function()
    local timer = threading.Timer(0, error, { { 7 } })
    local calls = support.excepthook_calls(function()
      timer:start()
      support.join(timer)
    end)
    assert.equal(1, #calls)
    assert.same({ 7 }, calls[1].value)
    assert.equal(timer, calls[1].thread)
    assert.is_false(timer.finished:is_set())
  end)

  it("is a thread: named, not a daemon, started once", function()
    local timer = threading.Timer(0, function() end)
    assert.matches("^Thread%-%d+$", timer.name)
    assert.is_false(timer.daemon)
    assert.matches("^<Timer%(Thread%-%d+, initial%)>$", tostring(timer))
    timer.name = "Egg"
    timer.daemon = true
    timer:start()
    assert.equal("threads can only be started once; make another Thread",
      support.message(timer.start, timer))
    support.join(timer)
    assert.matches("^<Timer%(Egg, stopped daemon %d+%)>$", tostring(timer))
  end)

  it("bad arguments are errors, when it is made", function()
    for _, bad in ipairs {
      0 / 0, 1e100, "1", {}, true, print,
    } do
      assert.matches("interval", support.message(threading.Timer, bad, print),
        1, true)
    end
    assert.matches("interval", support.message(threading.Timer), 1, true)
    for _, bad in ipairs { 1, "x", true } do
      assert.matches("bad argument 'fn'",
        support.message(threading.Timer, 1, bad), 1, true)
      assert.matches("bad argument 'args'",
        support.message(threading.Timer, 1, print, bad), 1, true)
      assert.matches("bad argument 'kwargs'",
        support.message(threading.Timer, 1, print, nil, bad), 1, true)
    end
    assert.matches("bad argument 'fn'", support.message(threading.Timer, 1, {}),
      1, true)
  end)

  it("waits for the interval in the end of the program", function()
    assert.equal("end\nfired 42\n", support.output_of [[
      local threading = require "threading"
      threading.Timer(0.02, function(x)
        threading.main_thread():join()
        print("fired " .. x)
      end, { 42 }):start()
      print "end"
    ]])
  end)
end)
