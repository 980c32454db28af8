--- What several types promise, written once.
--
-- Each function declares the cases of one promise. `it` is busted's; `new`
-- makes a fresh free object; so that a spec says
--
--   contracts.mutual_exclusion(it, threading.Lock)

local assert = require "luassert"
local support = require "spec.support"
local threading = require "threading"
local time = require "threading.time"

local contracts = {}

-- Calls fn while another thread holds the lock.
local function while_held_elsewhere(lock, fn)
  local held, let_go = false, false
  local t = support.start(function()
    lock:acquire()
    held = true
    support.wait_until(function()
      return let_go
    end)
    lock:release()
  end)
  support.wait_until(function()
    return held
  end)
  local ok, err = pcall(fn)
  let_go = true
  support.join(t)
  assert(ok, err)
end

-- True for anyone but an owner that may acquire again.
local function is_free(lock)
  return support.in_thread(function()
    local free = lock:acquire(false)
    if free then
      lock:release()
    end
    return free
  end)
end

--- acquire and release: one thread at a time. A type whose acquire knows no
-- timeout of -1 says `{ minus_one = false }`.
function contracts.mutual_exclusion(it, new, options)
  local tries = {
    table.pack(false), table.pack(true, 0), table.pack(nil, 0),
    table.pack { blocking = false }, table.pack { timeout = 0 },
  }
  if not options or options.minus_one ~= false then
    tries[#tries + 1] = table.pack(false, -1)
  end

  it("is free when new", function()
    assert.is_true(is_free(new()))
  end)

  it("acquire returns true, release nothing", function()
    local lock = new()
    assert.is_true(lock:acquire())
    assert.is_false(is_free(lock))
    assert.equal(0, select("#", lock:release()))
    assert.is_true(is_free(lock))
  end)

  it("a try gets a free one", function()
    for _, args in ipairs(tries) do
      local lock = new()
      assert.is_true(lock:acquire(table.unpack(args, 1, args.n)))
      lock:release()
    end
  end)

  it("a try does not get one that another thread holds", function()
    local lock = new()
    while_held_elsewhere(lock, function()
      assert.is_false(lock:acquire(false))
      assert.is_false(lock:acquire(true, 0))
      assert.is_false(lock:acquire { blocking = false })
      assert.is_false(lock:acquire { timeout = 0 })
    end)
    assert.is_true(is_free(lock))
  end)

  it("lets one thread in at a time", function()
    local lock, inside, most, turns = new(), 0, 0, 0
    support.join(support.start_many(8, function()
      for _ = 1, 20 do
        lock:acquire()
        inside = inside + 1
        most = math.max(most, inside)
        time.sleep(0) -- the others come as far as they can
        turns = turns + 1
        inside = inside - 1
        lock:release()
      end
    end))
    assert.equal(1, most)
    assert.equal(8 * 20, turns)
    assert.is_true(is_free(lock))
  end)

  it("lets nothing of a change be lost to preemption", function()
    local _ <close> = support.switch_often()
    local lock, balance = new(), 0
    support.join(support.start_many(4, function(n)
      for _ = 1, 2000 do
        lock:acquire()
        balance = balance + n
        balance = balance - n
        lock:release()
      end
    end))
    assert.equal(0, balance)
  end)

  it("is collected, held or not", function()
    local weak = setmetatable({}, { __mode = "k" })
    local lock = new()
    lock:acquire()
    weak[lock] = true
    weak[new()] = true
    lock = nil
    collectgarbage()
    collectgarbage()
    assert.is_nil(next(weak))
    assert.is_nil(lock)
  end)

  it("threads that use it leave no Thread behind", function()
    local lock = new()
    support.join(support.start_many(15, function()
      lock:acquire()
      lock:release()
    end))
    assert.same({ threading.main_thread() }, threading.enumerate())
  end)
end

--- Waiting for a lock. `what` is how the list of parked threads names it.
function contracts.waitable(it, new, what)
  it("threads wait while it is held, and all come through", function()
    local lock, through = new(), 0
    lock:acquire()
    local list = support.start_many(5, function()
      lock:acquire()
      through = through + 1
      lock:release()
    end)
    support.wait_parked(5, what)
    assert.equal(0, through)
    lock:release()
    support.join(list)
    assert.equal(5, through)
    assert.is_true(is_free(lock))
  end)

  it("a waiter with a timeout that does not run out gets it", function()
    local lock, got = new()
    lock:acquire()
    local t = support.start(function()
      got = lock:acquire(true, support.PATIENCE)
      lock:release()
    end)
    support.wait_thread_parked(t, what)
    lock:release()
    support.join(t)
    assert.is_true(got)
  end)

  it("a timeout returns false, not before its time", function()
    local lock = new()
    while_held_elsewhere(lock, function()
      for _, args in ipairs {
        { true, 0.02 }, { { timeout = 0.02 } },
        { { blocking = true, timeout = 0.02 } },
      } do
        local start = time.monotonic()
        assert.is_false(lock:acquire(table.unpack(args)))
        assert.is_true(time.monotonic() - start >= 0.02)
      end
    end)
  end)

  it("a timeout leaves no trace", function()
    local lock = new()
    while_held_elsewhere(lock, function()
      assert.is_false(lock:acquire(true, 0.001))
    end)
    assert.is_true(is_free(lock))
    assert.is_true(lock:acquire(false))
    lock:release()
    assert.is_true(is_free(lock))
  end)

  it("a timeout among waiters takes no other's turn", function()
    local lock, got = new(), 0
    lock:acquire()
    local patient = support.start_many(3, function()
      lock:acquire()
      got = got + 1
      lock:release()
    end)
    support.wait_parked(3, what)
    local hasty = support.start_many(3, function()
      assert(not lock:acquire(true, 0.001))
    end)
    support.join(hasty)
    lock:release()
    support.join(patient)
    assert.equal(3, got)
  end)

  it("the longest timeout is accepted", function()
    local lock = new()
    assert.is_true(lock:acquire(true, threading.TIMEOUT_MAX))
    local t = support.start(function()
      lock:acquire(true, threading.TIMEOUT_MAX)
      lock:release()
    end)
    support.wait_thread_parked(t, what)
    lock:release()
    support.join(t)
  end)
end

--- Several acquires by the owner, each with a release; nobody else releases.
-- `what` as above.
function contracts.owned(it, new, what)
  it("its owner acquires again, and releases as often", function()
    local lock, DEPTH = new(), 5
    for _ = 1, DEPTH do
      assert.is_true(lock:acquire())
    end
    for _ = 1, DEPTH do
      assert.is_false(is_free(lock))
      lock:release()
    end
    assert.is_true(is_free(lock))
  end)

  it("a try by the owner succeeds, and counts", function()
    local lock = new()
    lock:acquire()
    for _, args in ipairs {
      { false }, { true, 0 }, { true, 1 }, { { blocking = false } },
    } do
      assert.is_true(lock:acquire(table.unpack(args)))
    end
    for _ = 1, 4 do
      lock:release()
      assert.is_false(is_free(lock))
    end
    lock:release()
    assert.is_true(is_free(lock))
  end)

  it("guards and withs nest", function()
    local lock, ran = new(), false
    do
      local _ <close> = lock:guard()
      do
        local _ <close> = lock:guard()
        lock:with(function()
          lock:with(function()
            ran = true
          end)
          assert.is_false(is_free(lock))
        end)
      end
      assert.is_false(is_free(lock))
    end
    assert.is_true(ran)
    assert.is_true(is_free(lock))
  end)

  it("cannot be released when free", function()
    local lock = new()
    local message = "cannot release un-acquired lock"
    assert.equal(message, support.message(lock.release, lock))
    lock:acquire()
    lock:acquire()
    lock:release()
    lock:release()
    assert.equal(message, support.message(lock.release, lock))
    assert.is_true(is_free(lock))
  end)

  it("cannot be released by another thread, which changes nothing", function()
    local lock = new()
    lock:acquire()
    lock:acquire()
    assert.matches("^cannot release un%-acquired lock; %w+ has acquired it$",
      support.in_thread(support.message, lock.release, lock))
    assert.is_false(is_free(lock))
    lock:release()
    assert.is_false(is_free(lock))
    lock:release()
    assert.is_true(is_free(lock))
  end)

  it("waiters come through after the last release only", function()
    local lock, through = new(), 0
    for _ = 1, 3 do
      lock:acquire()
    end
    local list = support.start_many(3, function()
      for _ = 1, 2 do
        lock:acquire()
      end
      through = through + 1
      for _ = 1, 2 do
        lock:release()
      end
    end)
    support.wait_parked(3, what)
    lock:release()
    lock:release()
    support.wait_parked(3, what) -- they still wait
    assert.equal(0, through)
    lock:release()
    support.join(list)
    assert.equal(3, through)
    assert.is_true(is_free(lock))
  end)

  it("stays held when its owner has ended; no later thread owns it", function()
    local lock = new()
    support.in_thread(lock.acquire, lock)
    for _ = 1, 20 do
      assert.is_false(support.in_thread(lock.acquire, lock, false))
    end
  end)
end

--- guard() and with().
function contracts.guardable(it, new)
  it("a guard holds it to the end of the block", function()
    local lock = new()
    do
      local _ <close> = lock:guard()
      assert.is_false(is_free(lock))
    end
    assert.is_true(is_free(lock))
  end)

  it("a guard releases on break, return, goto and error", function()
    local lock, object = new(), {}
    for i = 1, 2 do
      local _ <close> = lock:guard()
      if i == 1 then
        break
      end
    end
    assert.is_true(is_free(lock))
    assert.equal(7, (function()
      local _ <close> = lock:guard()
      return 7
    end)())
    assert.is_true(is_free(lock))
    do
      local _ <close> = lock:guard()
      goto out
    end
    ::out::
    assert.is_true(is_free(lock))
    local ok, err = pcall(function()
      local _ <close> = lock:guard()
      error(object)
    end)
    assert.is_false(ok)
    assert.equal(object, err)
    assert.is_true(is_free(lock))
  end)

  it("a guard in a coroutine releases when that is closed", function()
    local lock = new()
    local co = coroutine.create(function()
      local _ <close> = lock:guard()
      coroutine.yield()
    end)
    assert(coroutine.resume(co))
    assert.is_false(is_free(lock))
    assert.is_true(coroutine.close(co))
    assert.is_true(is_free(lock))
  end)

  it("with holds it and passes arguments and results", function()
    local lock = new()
    local r = table.pack(lock:with(function(...)
      assert.is_false(is_free(lock))
      return select("#", ...), ...
    end, nil, "x", nil))
    assert.same({ 3, nil, "x", nil, n = 4 }, r)
    assert.is_true(is_free(lock))
    assert.equal(0, select("#", lock:with(function() end)))
  end)

  it("with calls anything callable", function()
    local object = setmetatable({}, {
      __call = function(_, x)
        return x + 1
      end,
    })
    assert.equal(6, new():with(object, 5))
  end)

  it("with releases on an error, which it passes on", function()
    local lock, object = new(), {}
    local ok, err = pcall(lock.with, lock, error, object)
    assert.is_false(ok)
    assert.equal(object, err)
    assert.is_true(is_free(lock))
  end)

  it("with lets a coroutine yield inside", function()
    local lock = new()
    local co = coroutine.wrap(function()
      return lock:with(function(x)
        return coroutine.yield(x), "end"
      end, 1)
    end)
    assert.equal(1, co())
    assert.is_false(is_free(lock))
    assert.same({ 2, "end" }, { co(2) })
    assert.is_true(is_free(lock))
  end)
end

return contracts
