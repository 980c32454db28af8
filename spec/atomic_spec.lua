local _thread = require "threading._thread"
local cancelling = require "spec.support.cancelling"
local queue = require "threading.queue"
local support = require "spec.support"
local threading = require "threading"
local time = require "threading.time"
local waits = require "spec.support.waits"

local REFUSAL <const> = "cannot wait in 'atomic', nor let other threads run"

-- Threads that count for as long as the block.
local function rivals()
  local n, over = 0, false
  local list = support.start_many(3, function()
    while not over do
      n = n + 1
    end
  end)
  return function()
    return n
  end, setmetatable({}, { __close = function()
    over = true
    support.join(list)
  end })
end

describe("atomic", function()
  it("passes arguments and results", function()
    local r = table.pack(threading.atomic(function(...)
      return select("#", ...), ...
    end, nil, "x", nil))
    assert.same({ 3, nil, "x", nil, n = 4 }, r)
    assert.equal(0, select("#", threading.atomic(function() end)))
    assert.equal(5, threading.atomic(setmetatable({}, {
      __call = function(_, x)
        return x
      end,
    }), 5))
  end)

  it("no other thread runs until it returns, and then they do", function()
    local _ <close> = support.switch_often()
    local count, _ <close> = rivals()
    for _ = 1, 20 do
      local before, after, switches
      threading.atomic(function()
        switches = _thread._switches()
        before = count()
        local started = time.monotonic()
        repeat
          coroutine.wrap(function() end)()
        until time.monotonic() - started > 0.001
        after = count()
        switches = _thread._switches() - switches
      end)
      assert.equal(0, switches)
      assert.equal(before, after)
      assert.is_true(support.spin_until(function()
        return count() > after
      end))
    end
  end)

  it("a thread that has asked meanwhile is met at once after it", function()
    local go, ran = threading.Event(), false
    local t = support.start(function()
      go:wait()
      ran = true
    end)
    support.wait_thread_parked(t, "Event")
    threading.atomic(function()
      go:set()
      local started = time.monotonic()
      repeat
      until time.monotonic() - started > 0.02
      assert.is_false(ran)
    end)
    assert.is_true(support.spin_until(function()
      return ran
    end))
    support.join(t)
  end)

  it("protects what is not made for threads", function()
    local _ <close> = support.switch_often()
    local list, total = {}, 0
    support.join(support.start_many(6, function()
      for _ = 1, 300 do
        threading.atomic(function()
          list[#list + 1] = true
          total = total + 1
        end)
      end
    end))
    assert.equal(1800, #list)
    assert.equal(1800, total)
  end)

  it("may be nested, and the inner one's end ends nothing", function()
    local _ <close> = support.switch_often()
    local count, _ <close> = rivals()
    threading.atomic(function()
      local before = count()
      threading.atomic(function() end)
      pcall(threading.atomic, error, "x")
      for _ = 1, 100000 do
      end
      assert.equal(before, count())
      assert.equal(REFUSAL, support.message(time.sleep, 0))
    end)
    time.sleep(0)
  end)

  it("ends with an error, which goes on", function()
    local mine = {}
    local ok, err = pcall(threading.atomic, function()
      error(mine)
    end)
    assert.is_false(ok)
    assert.equal(mine, err)
    time.sleep(0) -- it may wait again
  end)

  it("does all that does not wait", function()
    local lock, event, q = threading.Lock(), threading.Event(), queue.Queue()
    local rw = threading.RWLock()
    threading.atomic(function()
      lock:acquire()
      assert.is_false(lock:acquire(false))
      lock:release()
      event:set()
      assert.is_true(event:wait())
      q:put(1)
      assert.equal(1, q:get())
      assert.same({ nil, "empty" }, { q:get(false) })
      event:clear()
      assert.is_false(event:wait(0))
      do
        local _ <close> = rw:writing()
      end
      assert.equal("x", coroutine.wrap(function(x)
        return coroutine.yield(x)
      end)("x"))
      local t = threading.Thread { target = event.set, args = { event } }
      t:start() -- it runs when this is over
      assert.is_false(event:is_set())
    end)
    assert.is_true(event:wait(support.PATIENCE))
  end)

  for what, wait in waits.each(function(it) return not it.program end) do
    it("raises where it would wait: " .. what, function()
      local object, more, tidy_up = waits.make_elsewhere(wait)
      local ok, err = pcall(threading.atomic, function()
        return wait.call(object, nil, more)
      end)
      assert.is_false(ok)
      assert.equal(REFUSAL, tostring(err):match(REFUSAL, 1, true))
      tidy_up()
    end)
  end

  it("a kernel keeps nobody out, so it is refused", function()
    local kernels = require "spec.support.kernels"
    kernels.make()
    local k = threading.kernel "void nothing(void) {}"
    assert.equal(REFUSAL, support.message(threading.atomic, k.nothing))
    k.nothing()
    kernels.remove()
  end)

  it("the function cannot yield", function()
    local co = coroutine.create(function()
      threading.atomic(coroutine.yield)
    end)
    local ok, err = coroutine.resume(co)
    assert.is_false(ok)
    assert.matches("attempt to yield across a C%-call boundary", err)
    time.sleep(0)
  end)

  it("a cancellation comes after it; an asynchronous one in it", function()
    local started, ended = threading.Event(), false
    local t, result = cancelling.start(function()
      threading.atomic(function()
        threading.current_thread():cancel()
        for _ = 1, 1000 do
        end
        ended = true
      end)
      threading.checkpoint()
    end)
    support.join(t)
    assert.is_true(ended)
    cancelling.assert_cancelled(result)
    t, result = cancelling.start(function()
      started:wait()
      threading.atomic(function()
        threading.current_thread():cancel { asynchronous = true }
        while true do
        end
      end)
    end)
    started:set()
    support.join(t)
    cancelling.assert_cancelled(result)
    local count = support.counter()
    support.join(support.start_many(2, function()
      count(1)
    end)) -- others run again
    assert.equal(2, count())
  end)

  it("is one step of a schedule", function()
    local explore = require "threading.explore"
    local result = explore.run(function()
      local n, list = 0, {}
      for i = 1, 2 do
        list[i] = threading.Thread { target = function()
          threading.atomic(function()
            local before = n
            n = before + 1
          end)
        end }:start()
      end
      for _, t in ipairs(list) do
        t:join()
      end
      assert(n == 2)
    end, { schedules = 200 })
    assert.is_true(result.ok)
  end)

  it("says under THREADING_DEBUG when it has kept others waiting for long",
    function()
      local r = support.run([[
        local threading = require "threading"
        local time = require "threading.time"
        local go = threading.Event()
        local t = threading.Thread { target = go.wait, args = { go } }:start()
        local function work(seconds)
          local started = time.monotonic()
          repeat until time.monotonic() - started > seconds
        end
        for _ = 1, 2 do
          threading.atomic(function()
            go:set()
            work(0.15)
          end)
        end
        t:join()
        threading.atomic(work, 0.15) -- nobody waits
      ]], { before = "export THREADING_DEBUG=1" })
      assert.equal(0, r.code)
      assert.matches("^threading: 'atomic' at %S+:10 kept the other threads "
        .. "from running for %d+ ms: do less in it\n$", r.err)
    end)

  it("refuses what is not callable", function()
    for _, bad in ipairs { 1, "x", {}, true } do
      assert.matches("bad argument #1 to 'atomic' (fn: callable expected",
        support.message(threading.atomic, bad), 1, true)
    end
  end)
end)
