--- What all queues have in common, of threads and of interpreters, as specs.

local assert = require "luassert"
local support = require "spec.support"
local time = require "threading.time"

local queues = {}

-- Takes all items out; returns the list.
local function drain(q)
  local list = {}
  for _ = 1, q:qsize() do
    list[#list + 1] = q:get()
  end
  return list
end

queues.drain = drain

-- Calls fn in a thread that is then known to wait at a queue; returns the
-- thread and a table that will hold what fn returns.
local function waiting(fn, ...)
  local results = {}
  local t = support.start(function(...)
    results.n = 0
    for i, value in pairs(table.pack(fn(...))) do
      results[i] = value
    end
  end, ...)
  support.wait_thread_parked(t, "Queue")
  return t, results
end

--- Specifies a queue; `it` and `describe` are busted's.
-- @tparam function new makes one, of a maxsize
-- @tparam string name whose order it has: Queue, LifoQueue or PriorityQueue
-- @tparam[opt] string title what tostring calls it, by default the same
function queues.specify(it, describe, new, name, title)
  it("is empty at first, and full exactly at maxsize", function()
    local q = new(2)
    assert.is_true(q:empty())
    assert.is_false(q:full())
    assert.is_true(q:put(1))
    assert.is_false(q:empty())
    assert.is_false(q:full())
    assert.is_true(q:put(2))
    assert.is_true(q:full())
    assert.equal(2, q:qsize())
    assert.matches("^<threading%." .. (title or name)
      .. " at 0x%x+: 2/2 items>$", tostring(q))
  end)

  it("gives items out in its order", function()
    local orders = {
      Queue = { 111, 333, 222 }, LifoQueue = { 222, 333, 111 },
      PriorityQueue = { 111, 222, 333 },
    }
    local q = new()
    for _, item in ipairs { 111, 333, 222 } do
      q:put(item)
    end
    assert.same(orders[name], drain(q))
    assert.is_true(q:empty())
  end)

  it("keeps its order over many puts and gets", function()
    local q, model, next = new(), {}, 1
    local random = 42
    for _ = 1, 5000 do
      random = (random * 1103515245 + 12345) & 0x7fffffff
      if random >> 8 & 7 < 5 then
        local item = name == "PriorityQueue" and random >> 12 or next
        next = next + 1
        q:put(item)
        table.insert(model, item)
      elseif #model > 0 then
        local at = name == "Queue" and 1 or #model
        if name == "PriorityQueue" then
          at = 1
          for i, item in ipairs(model) do
            at = item < model[at] and i or at
          end
        end
        assert.equal(table.remove(model, at), q:get())
      end
    end
    assert.equal(#model, q:qsize())
    assert.is_true(#model > 1000) -- past the size that is always kept
    drain(q)
    q:put(1)
    assert.equal(1, q:get())
  end)

  it("tells when it is full, and when it is empty", function()
    local q = new(1)
    for _, args in ipairs {
      { false }, { true, 0 }, { true, 0.01 }, { { block = false } },
      { { timeout = 0.01 } }, { false, 10 },
    } do
      assert.same({ n = 2, nil, "empty" }, table.pack(
        q:get(table.unpack(args))))
    end
    assert.same({ n = 2, nil, "empty" }, table.pack(q:get_nowait()))
    q:put(1)
    for _, args in ipairs {
      { false }, { true, 0 }, { true, 0.01 }, { { block = false } },
      { { timeout = 0.01 } }, { false, 10 },
    } do
      assert.same({ n = 2, nil, "full" }, table.pack(
        q:put(2, table.unpack(args))))
    end
    assert.same({ n = 2, nil, "full" }, table.pack(q:put_nowait(2)))
    assert.same({ 1 }, drain(q))
  end)

  it("a timeout is not over before its time", function()
    local q, from = new(1), time.monotonic()
    q:get(true, 0.02)
    q:put(1)
    q:put(1, true, 0.02)
    assert.is_true(time.monotonic() - from >= 0.04)
  end)

  it("a get that waits gets what is put", function()
    for _, timeout in ipairs { false, support.PATIENCE } do
      local q = new()
      local t, results = waiting(q.get, q, true, timeout or nil)
      q:put "item"
      support.join(t)
      assert.same({ n = 1, "item" }, results)
    end
  end)

  it("a put that waits goes on after a get", function()
    for _, timeout in ipairs { false, support.PATIENCE } do
      local q = new(1)
      q:put(1)
      local t, results = waiting(q.put, q, 2, true, timeout or nil)
      assert.equal(1, q:get())
      support.join(t)
      assert.same({ n = 1, true }, results)
      assert.same({ 2 }, drain(q))
    end
  end)

  it("has no bound with a maxsize of 0 or less", function()
    for _, maxsize in ipairs { 0, -1, math.mininteger } do
      local q = new(maxsize)
      for i = 1, 100 do
        assert.is_true(q:put(i, false))
      end
      assert.is_false(q:full())
    end
    assert.is_true(new({ maxsize = 1 }):put(1))
  end)

  it("takes false, not nil", function()
    local q = new()
    q:put(false)
    assert.is_false(q:get())
    assert.matches("item: must not be nil", support.message(q.put, q), 1, true)
    assert.matches("item: must not be nil",
      support.message(q.put_nowait, q, nil), 1, true)
    assert.is_true(q:empty())
  end)

  it("join waits for all tasks, by whichever worker", function()
    local q, done = new(), support.counter()
    local workers = support.start_many(2, function()
      for item in q:items() do
        done(item)
        q:task_done()
      end
    end)
    for round = 1, 2 do
      for _ = 1, 100 do
        q:put(1)
      end
      assert.is_true(q:join())
      assert.equal(100 * round, done())
    end
    q:shutdown()
    support.join(workers)
  end)

  it("join of an idle queue returns, a get alone changes nothing", function()
    local q = new()
    assert.is_true(q:join())
    q:put(1)
    assert.is_false(q:join(0))
    q:get()
    assert.is_false(q:join(0.01))
    local t, results = waiting(q.join, q)
    q:task_done()
    support.join(t)
    assert.same({ n = 1, true }, results)
    assert.equal("task_done() called too many times",
      support.message(q.task_done, q))
  end)

  it("items are those until the shutdown, false too", function()
    local q, n = new(), 0
    q:put(false)
    q:shutdown()
    for item in q:items() do
      assert.is_false(item)
      n = n + 1
    end
    assert.equal(1, n)
  end)

  it("forgets what was taken", function()
    local q, weak = new(), setmetatable({}, { __mode = "v" })
    weak[1] = {}
    q:put(weak[1])
    q:get()
    collectgarbage()
    collectgarbage()
    assert.is_nil(weak[1])
  end)

  it("many producers and consumers lose and double nothing", function()
    local _ <close> = support.switch_often()
    local q, seen = new(5), {}
    local consumers = support.start_many(4, function()
      for item in q:items() do
        seen[item] = (seen[item] or 0) + 1
      end
    end)
    support.join(support.start_many(4, function(i)
      for k = 1, 500 do
        q:put(i * 1000 + k)
      end
    end))
    q:shutdown()
    support.join(consumers)
    local n = 0
    for _, times in pairs(seen) do
      assert.equal(1, times)
      n = n + 1
    end
    assert.equal(2000, n)
  end)

  it("a getter that gives up takes no wake-up with it", function()
    local q, got = new(1), support.counter()
    local list = support.start_many(6, function(i)
      while true do
        local item, why = q:get(true, i * 1e-5)
        if item then
          got(1)
        elseif why == "shutdown" then
          return
        end
      end
    end)
    for k = 1, 300 do
      q:put(k)
    end
    q:shutdown()
    support.join(list)
    assert.equal(300, got())
  end)

  it("a thread that is cancelled in a wait leaves no trace", function()
    local q = new(1)
    local getter = support.start(q.get, q)
    support.wait_thread_parked(getter, "Queue")
    getter:cancel()
    support.join(getter)
    q:put(1)
    local putter = support.start(q.put, q, 2)
    support.wait_thread_parked(putter, "Queue")
    putter:cancel()
    support.join(putter)
    assert.same({ 1 }, drain(q))
    q:put(3)
    assert.same({ 3 }, drain(q))
  end)

  it("a wait that nobody can end is told", function()
    local q = new()
    assert.matches("deadlock: every thread waits for ever\n.-waits for Queue",
      support.message(q.get, q))
    q:put(1)
    assert.matches("deadlock", support.message(q.join, q))
  end)

  describe("shut down", function()
    it("when empty refuses get and put", function()
      local q = new()
      q:shutdown()
      assert.same({ n = 2, nil, "shutdown" }, table.pack(q:put(1)))
      assert.same({ n = 2, nil, "shutdown" }, table.pack(q:get()))
      assert.matches(": 0 items, shut down>$", tostring(q))
    end)

    it("gives out what it holds, and refuses then, however asked", function()
      local q = new(2)
      q:put(1)
      q:put(1)
      q:shutdown()
      assert.same({ n = 2, nil, "shutdown" }, table.pack(q:put_nowait(2)))
      assert.same({ 1, 1 }, drain(q))
      for _, args in ipairs { {}, { false }, { true, 1 } } do
        assert.same({ n = 2, nil, "shutdown" },
          table.pack(q:get(table.unpack(args))))
      end
      assert.equal("shutdown", select(2, q:get_nowait()))
    end)

    it("at once gives out nothing", function()
      local q = new()
      q:put(1)
      q:shutdown(true)
      assert.equal("shutdown", select(2, q:get()))
      assert.equal(0, q:qsize())
      assert.is_true(q:join())
      assert.equal("task_done() called too many times",
        support.message(q.task_done, q))
    end)

    it("at once leaves what is in work to be done", function()
      local q = new()
      q:put(1)
      q:put(2)
      q:get()
      q:shutdown { immediate = true }
      assert.is_false(q:join(0))
      q:task_done()
      assert.is_true(q:join())
      assert.equal("task_done() called too many times",
        support.message(q.task_done, q))
    end)

    it("again, and in another way, is legal", function()
      local q = new()
      q:put(1)
      q:shutdown()
      q:shutdown()
      assert.equal(1, q:qsize())
      q:shutdown(true)
      assert.equal(0, q:qsize())
      q:shutdown(false)
      assert.equal("shutdown", select(2, q:get()))
    end)

    for _, immediate in ipairs { false, true } do
      it("tells who waits" .. (immediate and ", at once" or ""), function()
        local q = new(1)
        local getters, got = {}, {}
        for i = 1, 2 do
          getters[i], got[i] = waiting(q.get, q)
        end
        q:shutdown(immediate)
        support.join(getters)
        assert.same({ n = 2, nil, "shutdown" }, got[1])
        assert.same({ n = 2, nil, "shutdown" }, got[2])

        q = new(1)
        q:put(1)
        local putters, put = {}, {}
        for i = 1, 2 do
          putters[i], put[i] = waiting(q.put, q, i)
        end
        local joiner, joined = waiting(q.join, q)
        q:shutdown(immediate)
        support.join(putters)
        assert.same({ n = 2, nil, "shutdown" }, put[1])
        assert.same({ n = 2, nil, "shutdown" }, put[2])
        if not immediate then
          assert.is_true(joiner:is_alive())
          q:get()
          q:task_done()
        end
        support.join(joiner)
        assert.same({ n = 1, true }, joined)
      end)
    end

    it("in the middle of work ends all", function()
      local q = new(100)
      local list, ended = {}, {}
      for i = 1, 4 do
        list[i] = support.start(function()
          for k = 1, 4000 do
            if not q:put(k) then
              return
            end
            if i == 1 and k == 2000 then
              q:shutdown(true)
            end
          end
        end)
      end
      for i = 5, 10 do
        list[i] = support.start(function()
          local item, why = q:get()
          while item do
            q:task_done()
            item, why = q:get()
          end
          ended[i] = why
        end)
      end
      for i = 11, 12 do
        list[i] = support.start(q.join, q)
      end
      support.join(list)
      for i = 5, 10 do
        assert.equal("shutdown", ended[i])
      end
      assert.equal(0, q:qsize())
    end)
  end)
end

return queues
