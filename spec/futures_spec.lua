local _thread = require "threading._thread"
local futures = require "threading.futures"
local pools = require "spec.support.pools"
local support = require "spec.support"
local threading = require "threading"

local new = futures.ThreadPoolExecutor
local double, worker_of = pools.double, pools.worker_of

local function with_busy(fn)
  pools.with_busy(new, fn)
end

local function state_of(f)
  return tostring(f):match ": (%l+)>$"
end

describe("a pool", function()
  pools.specify(it, new, "ThreadPoolExecutor")

  it("makes calls, with all arguments and results", function()
    local pool <close> = new()
    assert.equal(256.0, pool:submit(math.tointeger, 256):result() + 0.0)
    local f = pool:submit(function(...)
      return select("#", ...), ...
    end, nil, 1, nil)
    assert.same({ n = 4, 3, nil, 1, nil }, table.pack(f:result()))
    assert.same({ n = 0 }, table.pack(pool:submit(function() end):result()))
    assert.same({ n = 1 }, table.pack(pool:submit(rawget, {}, 1):result()))
  end)

  it("raises a call's error, whatever it is, each time", function()
    local pool <close> = new()
    for _, object in ipairs { "text", {}, false, 5 } do
      local f = pool:submit(error, object, 0)
      for _ = 1, 2 do
        local ok, err = pcall(f.result, f)
        assert.is_false(ok)
        assert.equal(object, err)
      end
      local err, traceback = f:exception()
      assert.equal(object, err)
      assert.matches("stack traceback:", traceback)
    end
    local f = pool:submit(error)
    assert.same(table.pack(pcall(error)), table.pack(pcall(f.result, f)))
    assert.same({ n = 1 }, table.pack(pool:submit(double, 1):exception()))
  end)

  it("starts a worker only where none is idle", function()
    local pool <close> = new { max_workers = 5 }
    assert.matches("0/5 workers", tostring(pool), 1, true)
    for i = 1, 50 do
      assert.equal(2 * i, pool:submit(double, i):result())
    end
    assert.matches("1/5 workers", tostring(pool), 1, true)
  end)

  it("has no more workers than it may, named after it", function()
    local go, names = threading.Event(), {}
    local pool <close> = new { max_workers = 4, thread_name_prefix = "Pre" }
    local list = {}
    for i = 1, 20 do
      list[i] = pool:submit(function()
        go:wait()
        names[threading.current_thread().name] = true
      end)
    end
    support.wait_parked(4, "Event")
    assert.matches("(Pre, 4/4 workers, 16 waiting)", tostring(pool), 1, true)
    go:set()
    futures.wait(list)
    for name in pairs(names) do
      assert.matches("^Pre_[0-3]$", name)
    end
    local positional <close> = new(3, "Pos", print)
    assert.matches("(Pos, 0/3 workers,", tostring(positional), 1, true)
    local other <close> = new()
    assert.matches("^ThreadPoolExecutor%-%d+_0$", other:submit(function()
      return threading.current_thread().name
    end):result())
  end)

  it("is left at the end of its block, also after an error", function()
    local called, alive = support.counter(), threading.active_count()
    pcall(function()
      local pool <close> = new { max_workers = 2 }
      for _ = 1, 10 do
        pool:submit(called, 1)
      end
      error "oh"
    end)
    assert.equal(10, called())
    assert.equal(alive, threading.active_count())
  end)

  it("cancels what has not begun, if told", function()
    for _, wait in ipairs { true, false } do
      local list, go = {}, threading.Event()
      local pool = new { max_workers = 1 }
      local busy = pool:submit(go.wait, go)
      support.wait_parked(1, "Event")
      for i = 1, 10 do
        list[i] = pool:submit(double, i)
      end
      if wait then
        list[10]:add_done_callback(function()
          go:set()
        end)
      end
      pool:shutdown { cancel_futures = true, wait = wait }
      go:set()
      assert.is_true(busy:result())
      for _, f in ipairs(list) do
        assert.is_true(f:cancelled())
      end
      pool:shutdown()
    end
  end)

  it("that is dropped ends, when all is done", function()
    local alive, list = threading.active_count(), {}
    do
      local pool = new { max_workers = 2 }
      for i = 1, 10 do
        list[i] = pool:submit(double, i)
      end
    end
    support.wait_until(function()
      collectgarbage()
      return threading.active_count() == alive
    end)
    for i, f in ipairs(list) do
      assert.equal(2 * i, f:result())
    end
  end)

  it("holds nothing of a call that is over", function()
    local pool <close> = new { max_workers = 1 }
    local weak = setmetatable({}, { __mode = "k" })
    do
      local fn, arg = function(t)
        return { t ~= nil }
      end, {}
      local f = pool:submit(fn, arg)
      weak[fn], weak[arg], weak[f], weak[f:result()] = 1, 2, 3, 4
    end
    support.wait_until(function()
      collectgarbage()
      return next(weak) == nil
    end)
    for _, result in pool:map(function(t)
      return { t }
    end, { 1, 2, 3 }) do
      weak[result] = 1
    end
    support.wait_until(function()
      collectgarbage()
      local left = 0
      for _ in pairs(weak) do
        left = left + 1
      end
      return left <= 1 -- the loop's own variable may be on the stack
    end)
  end)

  it("calls the initializer first, in each worker", function()
    local seen = {}
    local pool <close> = new {
      max_workers = 2, initargs = { "a", nil, n = 2 },
      initializer = function(...)
        seen[threading.get_ident()] = table.pack(...)
      end,
    }
    local ident = pool:submit(threading.get_ident):result()
    assert.same({ n = 2, "a" }, seen[ident])
  end)

  it("does without a worker that was cancelled in its wait", function()
    local pool <close> = new { max_workers = 2, thread_name_prefix = "Gone" }
    for round = 1, 3 do
      assert.equal(2 * round, pool:submit(double, round):result())
      local worker = worker_of "Gone"
      support.wait_thread_parked(worker, "Queue")
      worker:cancel()
      support.join(worker)
      assert.matches("0/2 workers", tostring(pool), 1, true)
    end
    assert.is_nil(worker_of "Gone")
  end)

  it("cancels what is left of a map that nobody looks at any more", function()
    local pool <close> = new { max_workers = 1 }
    local semaphore, calls = threading.Semaphore(0), support.counter()
    local function second_begins()
      local map = table.pack(pool:map(function(i)
        if i == 2 then
          semaphore:acquire()
        end
        calls(1)
      end, { 1, 2, 3 }))
      support.wait_parked(1, "Semaphore")
      return map.n > 0 -- it was looked at until now
    end
    assert.is_true(second_begins())
    collectgarbage() -- of the first, too, which is done
    collectgarbage()
    semaphore:release()
    pool:shutdown()
    assert.equal(2, calls())
  end)

  -- Both submits have counted on the two that are cancelled.
  it("leaves no future to workers that are cancelled", function()
    local pool <close> = new { max_workers = 2, thread_name_prefix = "Gone" }
    local barrier = threading.Barrier(2)
    for _ = 1, 20 do
      local fs = {}
      for i = 1, 2 do
        fs[i] = pool:submit(barrier.wait, barrier)
      end
      local worker = worker_of "Gone"
      worker:cancel()
      for i = 1, 2 do
        fs[i]:exception()
      end
      barrier:reset()
    end
    assert.equal(4, pool:submit(double, 2):result())
  end)

  it("leaves no future to a worker that is cancelled before it begins",
    function()
      local interval = threading.getswitchinterval()
      local pool <close> = new { max_workers = 1, thread_name_prefix = "Gone" }
      for round = 1, 20 do
        threading.setswitchinterval(10) -- it does not begin in between
        local f = pool:submit(double, round)
        local worker = worker_of "Gone"
        worker:cancel { asynchronous = round % 2 == 0 }
        threading.setswitchinterval(interval)
        assert.equal(2 * round, f:result())
        for it in worker_of, "Gone" do -- it may still leave, beside the next
          it:cancel()
          support.join(it)
        end
      end
    end)

  it("loses no future to a cancellation between any two instructions",
    function()
      local pool <close> = new { max_workers = 2, thread_name_prefix = "Gone" }
      for i = 1, 300 do
        local fs = {}
        for k = 1, 3 do
          fs[k] = pool:submit(double, i)
        end
        local worker = worker_of "Gone"
        if worker then
          worker:cancel { asynchronous = true }
        end
        fs[4] = pool:submit(double, i)
        local _, not_done = futures.wait(fs, 10)
        assert.same({}, not_done)
      end
    end)

  -- The thread is between its put and the start of a worker.
  it("that is shut down in the middle of a submit makes the call", function()
    local reached, go = threading.Event(), threading.Event()
    local lacks_worker, ran = _thread._lacks_worker, false
    _thread._lacks_worker = function()
      _thread._lacks_worker = lacks_worker
      reached:set()
      go:wait()
      return false
    end
    local pool = new { max_workers = 1 }
    local t = support.start(pool.submit, pool, function()
      ran = true
    end)
    reached:wait()
    pool:shutdown()
    assert.is_true(ran)
    go:set()
    support.join(t)
  end)

  it("that is refused a thread says so, and goes on later", function()
    if string.packsize "T" < 8 then
      pending "no stack is too big for pthread_create, and not for size_t"
      return
    end
    local pool <close> = new { max_workers = 2 }
    local before, ran = threading.stack_size(1 << 50), false
    local message = support.message(pool.submit, pool, function()
      ran = true
    end)
    threading.stack_size(before)
    assert.matches("can't start new thread", message)
    assert.matches("0/2 workers", tostring(pool), 1, true)
    assert.equal(4, pool:submit(double, 2):result())
    assert.is_false(ran)
    -- Where there is one, it does without a second.
    local go = threading.Event()
    threading.stack_size(1 << 50)
    local first, second = pool:submit(go.wait, go), pool:submit(double, 3)
    threading.stack_size(before)
    go:set()
    assert.equal(6, second:result())
    assert.is_true(first:result())
  end)

  it("that waits for itself is told of the deadlock", function()
    local pool <close> = new { max_workers = 1 }
    local inner
    local outer = pool:submit(function()
      inner = pool:submit(double, 1)
      return inner:result()
    end)
    local function told()
      return support.message(outer.result, outer)
    end
    -- Who began to wait last is told: this thread, or the task.
    assert.matches("deadlock: every thread waits for ever.-waits for Future",
      told())
    if not outer:done() then
      assert.matches("deadlock", tostring(support.message(pool.shutdown,
        pool) or told()))
      inner:cancel() -- the task is still in its wait
    end
  end)
end)

describe("what is made elsewhere", function()
  local function relay(...)
    local queue, f = _thread.queue(), _thread._future(...)
    queue:put(f)
    queue:shutdown()
    _thread._relay(queue)
    return f
  end

  local function answer(...)
    return ...
  end

  it("has the results that come back", function()
    assert.same({ n = 0 }, table.pack(relay(answer, true):result()))
    assert.same({ n = 3, 1, nil, nil },
      table.pack(relay(answer, true, 1, nil, nil):result()))
  end)

  it("has the error that comes back, with its traceback", function()
    local object = {}
    assert.same({ n = 2, object, "there" },
      table.pack(relay(answer, false, object, "there"):exception()))
    assert.same({ n = 2, object, nil },
      table.pack(relay(answer, false, object):exception()))
    assert.equal("lost", relay(error, "lost", 0):exception())
    assert.same({ n = 2, nil, nil }, table.pack(relay(answer):exception()))
  end)
end)

describe("map", function()
  it("gives results in the order of the list", function()
    local pool <close> = new { max_workers = 3 }
    local results = {}
    for i, result in pool:map(double, { 3, 1, 2 }) do
      results[i] = result
    end
    assert.same({ 6, 2, 4 }, results)
    local n = 0
    for i, result in pool:map(function() end, { 1, 2 }) do
      assert.is_nil(result)
      n = i
    end
    assert.equal(2, n)
  end)

  it("takes a function that gives items, without end if buffered", function()
    local pool <close> = new { max_workers = 2 }
    local given, sum = 0, 0
    for i, result in pool:map(double, function()
      given = given + 1
      return given
    end, { buffersize = 3 }) do
      sum = sum + result
      assert.is_true(given <= i + 3)
      if i == 10 then
        break
      end
    end
    assert.equal(110, sum)
  end)

  it("gives a worker many items at a time", function()
    local pool <close> = new { max_workers = 2 }
    local n = 0
    for i, a, b in pool:map(function(x)
      if x % 3 == 0 then
        return x, nil
      elseif x % 3 == 1 then
        return
      end
      return x, -x
    end, { 1, 2, 3, 4, 5, 6, 7 }, { chunksize = 3, buffersize = 1 }) do
      n = n + 1
      assert.equal(n, i)
      assert.equal(i % 3 ~= 1 and i or nil, a)
      assert.equal(i % 3 == 2 and -i or nil, b)
    end
    assert.equal(7, n)
    for i, result in pool:map(double, { 1, 2 }, { chunksize = 1000 }) do
      assert.equal(2 * i, result)
    end
    for _ in pool:map(double, {}, { chunksize = 2 }) do
      error "there is none"
    end
    assert.equal(2, pool:num_workers())
  end)

  it("in chunks ends with its worker, if that is cancelled", function()
    local pool <close> = new { max_workers = 1, thread_name_prefix = "chunks" }
    local step, mapping, zero = pool:map(function()
      threading.current_thread():cancel "stop"
      threading.checkpoint()
    end, { 1, 2 }, { chunksize = 2 })
    local _, err = pcall(step, mapping, zero)
    assert.is_true(threading.is_cancelled(err))
    support.wait_until(function()
      return not worker_of "chunks_0"
    end)
  end)

  it("submits as many chunks as there are", function()
    with_busy(function(pool)
      pool:map(double, { 1, 2, 3, 4, 5 }, { chunksize = 2 })
      assert.matches("3 waiting", tostring(pool), 1, true)
    end)
  end)

  it("raises an error in a chunk at its place, and goes no further", function()
    local pool <close> = new { max_workers = 1 }
    local object, results = {}, {}
    local ok, err = pcall(function()
      for i, result in pool:map(function(x)
        return x < 6 and x or error(object)
      end, { 1, 2, 3, 4, 5, 6, 7, 8 }, { chunksize = 4 }) do
        results[i] = result
      end
    end)
    assert.is_false(ok)
    assert.equal(object, err)
    assert.same({ 1, 2, 3, 4, 5 }, results)
  end)

  it("submits all at once without a buffersize", function()
    with_busy(function(pool)
      pool:map(double, { 1, 2, 3 })
      assert.matches("3 waiting", tostring(pool), 1, true)
    end)
  end)

  it("raises an error at its place, and cancels the rest", function()
    local pool <close> = new { max_workers = 1 }
    local results, called = {}, {}
    local object = {}
    local ok, err = pcall(function()
      for i, result in pool:map(function(x)
        called[x] = true
        if x == 2 then
          error(object)
        end
        return x
      end, { 1, 2, 3, 4 }, { buffersize = 1 }) do
        results[i] = result
      end
    end)
    assert.is_false(ok)
    assert.equal(object, err)
    assert.same({ 1 }, results)
    assert.same({ true, true }, called)
  end)

  it("that is left cancels what has not begun", function()
    with_busy(function(pool, go)
      local called = 0
      local next_result, mapping, zero, closing = pool:map(function(x)
        called = called + 1
        return x
      end, { 1, 2, 3 })
      getmetatable(closing).__close(closing)
      assert.is_nil(next_result(mapping, zero))
      go:set()
      pool:shutdown()
      assert.equal(0, called)
    end)
  end)

  it("that takes too long raises, and cancels the rest", function()
    with_busy(function(pool, go)
      local called = 0
      assert.equal("timeout", support.message(function()
        for _ in pool:map(function()
          called = called + 1
        end, { 1, 2 }, { timeout = 0.01 }) do
          error "there is no result"
        end
      end))
      go:set()
      pool:shutdown()
      assert.equal(0, called)
    end)
  end)
end)

describe("Future", function()
  it("tells its state", function()
    with_busy(function(pool, go, busy)
      local f, cancelled = pool:submit(double, 1), pool:submit(double, 2)
      local failed = pool:submit(error, "oh")
      assert.equal("pending", state_of(f))
      assert.equal("running", state_of(busy))
      assert.is_true(busy:running())
      assert.is_false(busy:cancel())
      assert.is_false(f:running() or f:done() or f:cancelled())
      assert.same({ n = 2, nil, "timeout" }, table.pack(f:result(0)))
      assert.same({ n = 2, nil, "timeout" }, table.pack(f:exception(0.01)))
      assert.same({ n = 2, nil, "timeout" }, table.pack(busy:result(0)))
      assert.is_true(cancelled:cancel())
      assert.is_true(cancelled:cancel())
      assert.is_true(cancelled:cancelled() and cancelled:done())
      assert.same({ n = 2, nil, "cancelled" }, table.pack(cancelled:result()))
      assert.same({ n = 2, nil, "cancelled" },
        table.pack(cancelled:exception()))
      go:set()
      futures.wait { f, failed }
      assert.equal("returned", state_of(f))
      assert.equal("failed", state_of(failed))
      assert.equal("cancelled", state_of(cancelled))
      assert.is_false(f:cancel() or f:running() or f:cancelled())
      assert.is_true(f:done() and failed:done())
    end)
  end)

  it("who waits is told of the result, and of a cancellation", function()
    with_busy(function(pool, go)
      local f, g = pool:submit(double, 1), pool:submit(double, 2)
      local results = {}
      local list = {
        support.start(function()
          results.f = f:result()
        end),
        support.start(function()
          results.g = select(2, g:result(support.PATIENCE))
        end),
      }
      support.wait_parked(2, "Future")
      g:cancel()
      go:set()
      support.join(list)
      assert.same({ f = 2, g = "cancelled" }, results)
    end)
  end)

  it("calls back in order: on success, failure, cancellation", function()
    with_busy(function(pool, go)
      local list = {
        pool:submit(double, 1), pool:submit(error), pool:submit(double, 2),
      }
      local calls, threads = {}, {}
      for i, f in ipairs(list) do
        for k = 1, 2 do
          f:add_done_callback(function(it)
            assert(it == f and f:done())
            calls[#calls + 1] = i * 10 + k
            threads[i] = threading.current_thread()
          end)
        end
      end
      list[3]:cancel()
      assert.equal(threading.current_thread(), threads[3])
      go:set()
      futures.wait(list)
      pool:shutdown()
      assert.same({ 31, 32, 11, 12, 21, 22 }, calls)
      assert.not_equal(threading.current_thread(), threads[1])
      list[1]:add_done_callback(function()
        calls = "at once"
      end)
      assert.equal("at once", calls)
    end)
  end)

  it("an error in a callback is told, and the others are called", function()
    local r = support.run [[
      local pool = require("threading.futures").ThreadPoolExecutor()
      local go = require("threading").Event()
      local f = pool:submit(go.wait, go)
      f:add_done_callback(function() error "first" end)
      f:add_done_callback(function() io.write "second\n" end)
      go:set()
      pool:shutdown()
      f:add_done_callback(function() error "third" end)
      print(f:result())
    ]]
    assert.equal("second\ntrue\n", r.out)
    assert.matches("Exception in a callback of a Future:\n[^\n]*: first\n",
      r.err)
    assert.matches("callback of a Future:\n[^\n]*: third\nstack", r.err)
    assert.equal(0, r.code)
  end)
end)

describe("wait", function()
  it("for all, the first, or the first that fails", function()
    with_busy(function(pool, go, busy)
      local done, cancelled = new(), pool:submit(double, 1)
      local ok, failed = done:submit(double, 1), done:submit(error, "oh")
      cancelled:cancel()
      futures.wait { ok, failed }
      local function check(list, when, first, second)
        local a, b = futures.wait(list, nil, when)
        assert.same({ first, second }, { #a, #b })
      end
      check({ ok, busy, ok }, "FIRST_COMPLETED", 1, 1)
      check({ busy, cancelled }, futures.FIRST_COMPLETED, 1, 1)
      check({ busy, failed, ok }, "FIRST_EXCEPTION", 2, 1)
      check({ ok, failed, cancelled }, "ALL_COMPLETED", 3, 0)
      check({}, nil, 0, 0)
      local a, b = futures.wait({ ok, busy }, 0.01)
      assert.same({ { ok }, { busy } }, { a, b })
      a, b = futures.wait({ busy }, { timeout = 0 })
      assert.same({ {}, { busy } }, { a, b })
      local t = support.start(futures.wait, { ok, busy, cancelled },
        { return_when = "FIRST_EXCEPTION" })
      support.wait_thread_parked(t, "Queue")
      go:set()
      support.join(t)
      done:shutdown()
    end)
  end)

  it("many futures, many switches", function()
    local interval = threading.getswitchinterval()
    threading.setswitchinterval(1e-6)
    local pool <close> = new()
    local list = {}
    for i = 1, 100 do
      list[i] = pool:submit(double, i)
    end
    local done = futures.wait(list)
    threading.setswitchinterval(interval)
    assert.equal(100, #done)
  end)

  it("refuses what is no condition", function()
    assert.matches("return_when", support.message(futures.wait, {}, 1, "x"))
    assert.matches("list", support.message(futures.wait, { 1 }))
  end)
end)

describe("as_completed", function()
  it("gives each once, those that are done first", function()
    with_busy(function(_, go, busy)
      local pool <close> = new()
      local f = pool:submit(double, 1)
      f:result()
      local list = {}
      for it in futures.as_completed { busy, f, f, busy } do
        list[#list + 1] = it
        go:set()
      end
      assert.same({ f, busy }, list)
    end)
    for _ in futures.as_completed {} do
      error "there is none"
    end
  end)

  it("takes a table whose keys are Futures, and no other", function()
    local pool <close> = new()
    local number_of, sum = {}, 0
    for i = 1, 3 do
      number_of[pool:submit(double, i)] = i
    end
    for f in futures.as_completed(number_of) do
      assert.equal(2 * number_of[f], f:result())
      sum = sum + number_of[f]
    end
    assert.equal(6, sum)
    assert.equal(3, #futures.wait(number_of))
    assert.matches("list of Futures expected, got string",
      support.message(futures.as_completed, { x = next(number_of) }), 1, true)
  end)

  it("raises after its time", function()
    with_busy(function(pool, _, busy)
      for _, timeout in ipairs { 0, 0.01 } do
        local given = {}
        local f = pool:submit(double, 1)
        f:cancel()
        assert.equal("1 (of 2) futures unfinished", support.message(function()
          for it in futures.as_completed({ f, busy }, timeout) do
            given[#given + 1] = it
          end
        end))
        assert.same({ f }, given)
      end
    end)
  end)
end)

describe("progress", function()
  it("is told in lines where there is no terminal", function()
    local r = support.run [[
      local futures = require "threading.futures"
      local pool <close> = futures.ThreadPoolExecutor { max_workers = 1 }
      local list = {}
      for i = 1, 40 do
        list[i] = pool:submit(math.abs, i)
      end
      futures.progress(list, "work")
      futures.progress {}
    ]]
    local lines = {}
    for i = 0, 10 do
      lines[i + 1] = ("work %d/40\n"):format(4 * i)
    end
    assert.equal(table.concat(lines), r.err)
    assert.equal(0, r.code)
  end)
end)

describe("at the end of the program", function()
  local program = [[
    local futures = require "threading.futures"
    local threading = require "threading"
    local pool = futures.ThreadPoolExecutor { max_workers = 2 }
    KEPT = pool
    local go = threading.Event()
    for i = 1, 4 do
      pool:submit(function()
        go:wait()
        io.write "done "
      end)
    end
    go:set()
  ]]

  it("what was submitted is done, and idle workers end", function()
    for _, ending in ipairs {
      "", "pool:shutdown(false)", "pool:shutdown { wait = false }",
      "pool = nil; KEPT = nil", "os.exit(0, true)", "threading.shutdown()",
    } do
      assert.equal("done done done done ", support.output_of(program .. ending))
    end
  end)

  it("also after an error", function()
    local r = support.run(program .. "error 'oh'")
    assert.equal("done done done done ", r.out)
    assert.equal(1, r.code)
  end)

  it("nothing more can be submitted", function()
    local out = support.output_of [[
      local futures = require "threading.futures"
      local threading = require "threading"
      local pool = futures.ThreadPoolExecutor { max_workers = 1 }
      pool:submit(function()
        threading.main_thread():join()
        -- the main thread counts as ended before the pools are told
        local function more(executor)
          local ok, err
          repeat
            ok, err = pcall(executor.submit, executor, math.abs, 1)
          until not ok
          return err
        end
        io.write(more(pool), "\n")
        io.write(more(futures.ThreadPoolExecutor()), "\n")
      end)
    ]]
    assert.equal(("cannot schedule new futures after shutdown\n"):rep(2), out)
  end)
end)
