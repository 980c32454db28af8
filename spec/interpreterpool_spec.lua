local futures = require "threading.futures"
local interpreters = require "threading.interpreters"
local pools = require "spec.support.pools"
local support = require "spec.support"
local threading = require "threading"

-- The globals of what crosses are Lua's, not those that busted has made.
local describe, it, assert = describe, it, assert
local _ENV = package.loaded._G

local new = futures.InterpreterPoolExecutor
local double, wait_for = pools.double, pools.wait_for
local worker_of = pools.worker_of

local function with_busy(fn)
  pools.with_busy(new, fn)
end

-- How many interpreters there are that were made after the one of that id:
-- older ones may be collected at any time.
local function count_interpreters(after)
  local n = 0
  for _, i in ipairs(interpreters.list_all()) do
    n = i.id > after and n + 1 or n
  end
  return n
end

local function last_interpreter()
  local i <close> = interpreters.create()
  return i.id
end

describe("a pool of interpreters", function()
  pools.specify(it, new, "InterpreterPoolExecutor")
  pools.specify_elsewhere(it, new, "InterpreterPoolExecutor", [[
    local go = require("threading").Event()
    for i = 1, 4 do
      pool:submit(function()
        go:wait()
        io.write "done "
        io.flush()
      end)
    end
    go:set()
  ]])

  it("makes them in interpreters of its workers, who keep them", function()
    local barrier = threading.Barrier(2)
    local pool <close> = new { max_workers = 2 }
    local function meet()
      barrier:wait()
      _G.seen = (_G.seen or 0) + 1
      return require("threading.interpreters").get_current().id, _G.seen
    end
    local f, g = pool:submit(meet), pool:submit(meet)
    local here = interpreters.get_current().id
    assert.not_equal(here, f:result())
    assert.not_equal(here, g:result())
    assert.not_equal(f:result(), g:result())
    assert.equal(1, select(2, g:result()))
    f, g = pool:submit(meet), pool:submit(meet)
    assert.equal(2, select(2, f:result()))
    assert.equal(2, select(2, g:result()))
    assert.is_nil(rawget(_G, "seen"))
  end)

  it("shares what is made to be shared", function()
    local a, lock = threading.Array("int64", 1), threading.Lock()
    local pool <close> = new { max_workers = 3 }
    local list = {}
    for k = 1, 30 do
      list[k] = pool:submit(function()
        for _ = 1, 100 do
          local _ <close> = lock:guard()
          a[1] = a[1] + 1
        end
      end)
    end
    for _, f in ipairs(list) do
      f:result()
    end
    assert.equal(3000, a[1])
  end)

  it("tells the caller of submit and map what cannot cross", function()
    local pool <close> = new { max_workers = 1 }
    local co = coroutine.create(print)
    assert.matches("^args%[2%]%.list%[1%]: .*cannot cross",
      support.message(pool.submit, pool, print, 1, { list = { co } }))
    assert.matches("^fn: upvalue 'co': .*cannot cross",
      support.message(pool.submit, pool, function()
        return co
      end))
    assert.matches("cannot cross", support.message(pool.map, pool, print,
      { co }))
    assert.matches("0/1 workers, 0 waiting", tostring(pool), 1, true)
    assert.matches("^initargs%[1%]: .*cannot cross", support.message(new,
      { initializer = print, initargs = { co } }))
    assert.matches("^initializer: .*cannot cross", support.message(new,
      { initializer = function()
        return co
      end }))
  end)

  it("has no more workers than it may, each with an interpreter", function()
    local before = last_interpreter()
    do
      local go = threading.Event()
      local pool <close> = new { max_workers = 3, thread_name_prefix = "Pre" }
      assert.equal(0, count_interpreters(before))
      local list = {}
      for k = 1, 9 do
        list[k] = pool:submit(function()
          go:wait()
          return require("threading").current_thread().name
        end)
      end
      support.wait_until(function()
        return tostring(pool):find("(Pre, 3/3 workers, 6 waiting)", 1, true)
      end)
      assert.equal(3, count_interpreters(before))
      go:set()
      for _, f in ipairs(list) do
        assert.matches("^Pre_[0-2]$", f:result())
      end
    end
    assert.equal(0, count_interpreters(before))
    local other <close> = new()
    assert.matches("^<threading.InterpreterPoolExecutor%("
      .. "InterpreterPoolExecutor%-%d+, 0/%d+ workers, 0 waiting%)>$",
      tostring(other))
  end)

  it("cancels what has not begun, if told", function()
    with_busy(function(pool, go, busy)
      local f = pool:submit(double, 1)
      assert.is_true(f:cancel())
      local g = pool:submit(double, 1)
      pool:shutdown { cancel_futures = true, wait = false }
      assert.is_true(g:cancelled())
      assert.is_false(busy:cancel())
      go:set()
      assert.is_true(busy:result())
    end)
  end)

  it("that is dropped ends, with its interpreters", function()
    local alive, before = threading.active_count(), last_interpreter()
    local list = {}
    do
      local pool = new { max_workers = 2 }
      for k = 1, 10 do
        list[k] = pool:submit(double, k)
      end
    end
    support.wait_until(function()
      collectgarbage()
      return threading.active_count() == alive
        and count_interpreters(before) == 0
    end)
    for k, f in ipairs(list) do
      assert.equal(2 * k, f:result())
    end
  end)

  it("calls the initializer first, in each worker", function()
    local calls = threading.Value "int64"
    local pool <close> = new {
      max_workers = 2, initargs = { "a", nil, calls, n = 3 },
      initializer = function(a, b, count)
        _G.given = { a, b }
        count:fetch_add(1)
      end,
    }
    local barrier = threading.Barrier(2)
    local function look()
      barrier:wait()
      return _G.given
    end
    local f, g = pool:submit(look), pool:submit(look)
    assert.same({ "a" }, f:result())
    assert.same({ "a" }, g:result())
    assert.equal(2, calls.value)
  end)

  it("does without a worker that was cancelled, in a call or not", function()
    local pool <close> = new { max_workers = 1, thread_name_prefix = "Gone" }
    for round = 1, 3 do
      assert.equal(2 * round, pool:submit(double, round):result())
      local worker = worker_of "Gone"
      local never = threading.Event()
      local f = round == 2 and pool:submit(wait_for, never)
      support.wait_until(function()
        return not f or f:running()
      end)
      worker:cancel()
      support.join(worker)
      if f then
        assert.is_true(threading.is_cancelled(f:exception()))
      end
      assert.matches("0/1 workers", tostring(pool), 1, true)
    end
  end)

  it("maps, in the order of the list, an error at its place", function()
    local pool <close> = new { max_workers = 3 }
    local results = {}
    for k, result in pool:map(double, { 3, 1, 2 }, { buffersize = 2 }) do
      results[k] = result
    end
    assert.same({ 6, 2, 4 }, results)
    local ok, err = pcall(function()
      for k, result in pool:map(function(x)
        if x == 2 then
          error { at = x }
        end
        return x
      end, { 1, 2, 3, 4 }) do
        results[k] = result
      end
    end)
    assert.is_false(ok)
    assert.same({ at = 2 }, err)
    assert.equal(1, results[1])
  end)

  it("its futures are waited for as others are", function()
    with_busy(function(pool, go, busy)
      local f = pool:submit(double, 1)
      assert.same({ {}, { busy, f } }, { futures.wait({ busy, f }, 0.01) })
      local called
      f:add_done_callback(function(future)
        called = future:result()
      end)
      go:set()
      local n = 0
      for _ in futures.as_completed { busy, f } do
        n = n + 1
      end
      assert.equal(2, n)
      pool:shutdown()
      assert.equal(2, called)
    end)
  end)

  it("a wait that nobody can end is told", function()
    local pool <close> = new { max_workers = 1 }
    local f = pool:submit(wait_for, threading.Event())
    local told = { support.message(f.result, f) }
    if not f:done() then -- this thread was told, not the one in the call
      told[2] = worker_of "InterpreterPoolExecutor":cancel()
    end
    assert.matches("deadlock: every thread waits for ever", told[1])
  end)
end)

describe("parallel_for in interpreters", function()
  it("calls fn with each part, in interpreters of its threads", function()
    local a = threading.Array("int64", 100)
    local before = last_interpreter()
    threading.parallel_for(1, 100, function(lo, hi)
      local id = require("threading.interpreters").get_current().id
      for k = lo, hi do
        a[k] = k + 1000 * id
      end
    end, { interpreters = true, nthreads = 2, parts = 10 })
    local here = interpreters.get_current().id
    for k = 1, 100 do
      assert.equal(k, a[k] % 1000)
      assert.not_equal(here, a[k] // 1000)
    end
    assert.equal(0, count_interpreters(before))
  end)

  it("is refused where the body cannot cross, and calls nothing", function()
    local co = coroutine.create(print)
    assert.matches("fn: upvalue 'co': .*cannot cross",
      support.message(threading.parallel_for, 1, 10, function()
        return co
      end, { interpreters = true }))
    assert.matches("interpreters", support.message(threading.parallel_for, 1,
      10, print, { interpreters = 1 }))
  end)

  it("raises the first error, and cancels the others", function()
    local never = threading.Event()
    local ok, err = pcall(threading.parallel_for, 1, 2, function(lo)
      if lo == 2 then
        error { at = lo }
      end
      never:wait()
    end, { interpreters = true, nthreads = 2 })
    assert.is_false(ok)
    assert.same({ at = 2 }, err)
  end)

  it("tells its progress here", function()
    local told = {}
    threading.parallel_for(1, 10, function() end, {
      interpreters = true, nthreads = 2, parts = 5,
      progress = function(done, total)
        told[#told + 1] = done .. "/" .. total
      end,
    })
    assert.same({ "2/10", "4/10", "6/10", "8/10", "10/10" }, told)
  end)
end)
