local futures = require "threading.futures"
local support = require "spec.support"
local threading = require "threading"
local tio = require "threading.io"
local _thread = require "threading._thread"

-- What is asked of a thread, to end or to be interrupted, is never taken for an
-- error of what the library has called for it.

local function cancel_self()
  threading.current_thread():cancel { asynchronous = true }
end

-- Runs fn while what starts a thread is interrupted, once, before or after it
-- has started it.
local function interrupt_start(after, fn)
  local start = threading.Thread.start
  function threading.Thread.start(t)
    threading.Thread.start = start
    if after then
      start(t)
    end
    threading.interrupt_main() -- this thread: raises at once
  end
  local message = support.message(fn)
  threading.Thread.start = start
  return message
end

describe("an interruption", function()
  for when, after in pairs { before = false, after = true } do
    it("just " .. when .. " a pool has started a worker is raised", function()
      local pool <close> = futures.ThreadPoolExecutor(1)
      assert.matches("interrupted!$", interrupt_start(after, function()
        pool:submit(math.max, 1, 2)
      end))
      assert.equal(2, pool:submit(math.max, 1, 2):result())
      pool:shutdown() -- waits for each that was started
      assert.equal(1, threading.active_count())
    end)

    it("just " .. when .. " parallel_for has started a thread is raised",
      function()
        local calls = support.counter()
        assert.matches("interrupted!$", interrupt_start(after, function()
          threading.parallel_for(1, 100, function()
            calls(1)
            threading.checkpoint()
          end, 4)
        end))
        assert.equal(1, threading.active_count())
        assert.is_true(calls() <= 4)
      end)
  end

  it("while a pool starts its workers is raised, whenever it comes", function()
    local inside <const> = threading.Semaphore(0)
    local t = support.start(function()
      for _ = 1, 50 do
        inside:acquire()
        threading.interrupt_main()
      end
    end)
    for _ = 1, 50 do
      assert.matches("interrupted!$", support.message(function()
        inside:release()
        while true do
          local pool <close> = futures.ThreadPoolExecutor(1)
          pool:submit(math.max, 1, 2):result()
        end
      end))
    end
    support.join(t)
    support.wait_until(function() -- one may have come as a pool was shut down
      collectgarbage()
      return threading.active_count() == 1
    end)
  end)

  it("in a callback is raised when all are told", function()
    local pool <close> = futures.ThreadPoolExecutor(1)
    local done = pool:submit(math.max, 1, 2)
    done:result()
    assert.matches("interrupted!$", support.message(done.add_done_callback,
      done, function() threading.interrupt_main() end))
    local event, told = threading.Event(), {}
    pool:submit(event.wait, event)
    local f = pool:submit(math.max, 1, 2)
    for i = 1, 3 do
      f:add_done_callback(function()
        told[#told + 1] = i
        if i == 2 then
          threading.interrupt_main()
        end
      end)
    end
    assert.matches("interrupted!$", support.message(f.cancel, f))
    assert.same({ 1, 2, 3 }, told)
    assert.is_true(f:cancelled())
    event:set()
  end)

  it("in what looks at an argument is raised as it is", function()
    local object = setmetatable({}, { __index = function()
      threading.interrupt_main()
    end })
    assert.equal("interrupted!", support.message(threading.Condition, object))
    assert.equal("interrupted!", support.message(tio.wait_fd, object, "r"))
  end)

  it("at the end of the program ends the wait", function()
    local r = support.run [[
      local threading = require "threading"
      require "threading._thread"._at_end(threading.interrupt_main)
      local event = threading.Event()
      threading.Thread { target = event.wait, args = { event } }:start()
    ]]
    assert.matches("^[^\n]*: interrupted!\n", r.err)
    assert.is_nil(r.err:find("at the end:", 1, true))
    assert.equal(1, r.code)
  end)
end)

describe("a cancellation", function()
  it("of a worker in its call is the outcome, and the worker's end", function()
    local pool <close> = futures.ThreadPoolExecutor(1)
    local worker
    local f = pool:submit(function()
      worker = threading.current_thread()
      cancel_self()
    end)
    assert.is_true(threading.is_cancelled((f:exception())))
    support.join(worker)
    assert.are_not.equal(worker, pool:submit(threading.current_thread):result())
  end)

  it("of another thread is an error as any other", function()
    local pool <close> = futures.ThreadPoolExecutor(1)
    local failed = pool:submit(cancel_self)
    failed:exception()
    local f = pool:submit(failed.result, failed)
    assert.equal(failed:exception(), (f:exception()))
    local worker = pool:submit(threading.current_thread):result()
    f = pool:submit(failed.result, failed)
    f:exception()
    assert.equal(worker, pool:submit(threading.current_thread):result())
  end)

  it("in a callback ends the worker, when all are told", function()
    local pool <close> = futures.ThreadPoolExecutor(1)
    local event, told = threading.Event(), 0
    local worker
    local f = pool:submit(function()
      worker = threading.current_thread()
      event:wait()
    end)
    f:add_done_callback(cancel_self)
    f:add_done_callback(function()
      told = told + 1
    end)
    event:set()
    f:result()
    support.wait_until(function()
      return worker
    end)
    support.join(worker)
    assert.equal(1, told)
    assert.equal(2, pool:submit(math.max, 1, 2):result())
  end)

  it("in an initializer breaks no pool", function()
    local n = 0
    local pool <close> = futures.ThreadPoolExecutor {
      max_workers = 1,
      initializer = function()
        n = n + 1
        if n == 1 then
          cancel_self()
        end
      end,
    }
    assert.equal(2, pool:submit(math.max, 1, 2):result())
    assert.equal(2, n)
  end)

  it("is not lost where there is no memory for it", function()
    if not _thread._testing then
      return -- the hostile build's
    end
    local n, ended = 0, false
    local t = support.start(function()
      for chance = 1, 3 do
        threading.current_thread():cancel()
        local _, ok = _thread._testing.attempt("memory", chance, chance,
          threading.checkpoint)
        assert(not ok)
        n = n + 1
        pcall(threading.checkpoint)
      end
      ended = true
    end)
    support.join(t)
    assert.is_true(ended)
    assert.equal(3, n)
  end)
end)

describe("_try", function()
  it("is a pcall for errors", function()
    assert.same({ true, 1, nil, 3, n = 4 },
      table.pack(_thread._try(function(...) return ... end, 1, nil, 3)))
    assert.same({ n = 1, true }, table.pack(_thread._try(function() end)))
    local object = {}
    assert.same({ n = 2, false, object },
      table.pack(_thread._try(error, object)))
    assert.is_false((_thread._try(1)))
  end)

  it("may be yielded across", function()
    local co = coroutine.wrap(function()
      return _thread._try(function(...)
        error(coroutine.yield(...), 0)
      end, "a", "b")
    end)
    assert.same({ "a", "b" }, { co() })
    assert.same({ false, "c" }, { co "c" })
  end)

  it("lets pass what is asked of the thread", function()
    assert.equal("interrupted!",
      support.message(_thread._try, threading.interrupt_main))
    local passed = false
    local t = support.start(function()
      local _ <close> = setmetatable({}, { __close = function(_, err)
        passed = threading.is_cancelled(err)
      end })
      _thread._try(cancel_self)
      error "it goes on"
    end)
    support.join(t)
    assert.is_true(passed)
  end)

  it("keeps what only looks so", function()
    local cancelled = select(2, pcall(support.in_thread, function()
      error(select(2, pcall(cancel_self)), 0)
    end))
    assert.is_true(threading.is_cancelled(cancelled))
    assert.same({ false, cancelled }, { _thread._try(error, cancelled) })
    support.in_thread(function()
      assert.same({ false, "interrupted!" },
        { _thread._try(error, "interrupted!", 0) })
    end)
  end)

  it("lets the end of the program pass", function()
    assert.equal("script ends\nended\n", support.output_of [[
      local threading = require "threading"
      local _thread = require "threading._thread"
      local inside = false
      threading.Thread { daemon = true, target = function()
        local _ <close> = setmetatable({}, { __close = function()
          print "ended"
        end })
        _thread._try(function()
          inside = true
          while true do end
        end)
        print "it goes on"
      end }:start()
      while not inside do require "threading.time".sleep(0) end
      print "script ends"
    ]])
  end)
end)

describe("a thread that ends", function()
  it("may do so in the excepthook", function()
    assert.equal("", support.output_of [[
      local threading = require "threading"
      threading.excepthook = threading.exit
      local t = threading.Thread { target = error, args = { "x" } }
      t:start()
      t:join()
    ]])
  end)
end)
