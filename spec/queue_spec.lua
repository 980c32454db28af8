local queue = require "threading.queue"
local support = require "spec.support"
local time = require "threading.time"

local kinds = { "Queue", "LifoQueue", "PriorityQueue" }

local function drain(q)
  local list = {}
  for _ = 1, q:qsize() do
    list[#list + 1] = q:get()
  end
  return list
end

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

local function all_kinds(new, name)
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
    assert.matches("^<threading%." .. name .. " at 0x%x+: 2/2 items>$",
      tostring(q))
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

for _, name in ipairs(kinds) do
  describe(name, function()
    all_kinds(queue[name], name)
  end)
end

-- An item of each kind that is held in a way of its own, and some that are
-- nearly alike.
local function any_item(n)
  local makers = {
    function() return n end,
    function() return n + 0.0 end,
    function() return n + 0.5 end,
    function() return n % 2 == 0 end,
    function() return tostring(n) end,
    function() return { n } end,
    function() return -0.0 end,
    function() return math.mininteger end,
  }
  return makers[n % #makers + 1]()
end

local function assert_same_item(expected, item)
  assert.is_true(rawequal(expected, item))
  assert.equal(math.type(expected), math.type(item))
  assert.equal(("%q"):format(type(expected) == "table" or expected),
    ("%q"):format(type(item) == "table" or item))
end

for _, name in ipairs { "Queue", "LifoQueue", "SimpleQueue" } do
  describe(name, function()
    it("gives items of all kinds back as they were", function()
      local q, model, first, last = queue[name](), {}, 1, 0
      local random = 7
      for n = 1, 6000 do
        random = (random * 1103515245 + 12345) & 0x7fffffff
        if random >> 8 & 7 < (n < 3000 and 5 or 3) then
          local item = any_item(random >> 12)
          last = last + 1
          model[last] = item
          q:put(item)
        elseif first <= last then
          local at = name == "LifoQueue" and last or first
          assert_same_item(model[at], q:get())
          first = first + (at == first and at ~= last and 1 or 0)
          last = last - (at == last and 1 or 0)
        end
        assert.equal(last - first + 1, q:qsize())
      end
    end)

    it("is itself again after very many items", function()
      local q = queue[name]()
      for round = 1, 2 do
        for n = 1, 70000 do
          q:put(n % 5 > 0 and n or { n })
        end
        for _ = 1, 70000 do
          q:get()
        end
        assert.is_true(q:empty())
        q:put(round)
        assert.equal(round, q:get())
      end
    end)
  end)
end

it("a stream of items comes through whole", function()
  for _, maxsize in ipairs { 0, 500 } do
    local q = queue.Queue(maxsize)
    local ping, pong = queue.Queue(), queue.Queue()
    local consumer = support.start(function()
      local expected = 1
      for item in q:items() do
        assert(item == expected)
        expected = expected + 1
      end
      pong:put(expected)
      for item in ping:items() do
        pong:put(item)
      end
    end)
    for n = 1, 30000 do
      q:put(n)
    end
    q:shutdown()
    assert.equal(30001, pong:get())
    for n = 1, 100 do
      ping:put(n)
      assert.equal(n, pong:get())
    end
    ping:shutdown()
    support.join(consumer)
  end
end)

describe("PriorityQueue", function()
  -- Items whose comparison calls `hook`.
  local hook
  local meta = {
    __lt = function(a, b)
      if hook then
        hook()
      end
      return a[1] < b[1]
    end,
  }
  local function item(n)
    return setmetatable({ n }, meta)
  end

  local function numbers(q)
    local list = {}
    for i, it in ipairs(drain(q)) do
      list[i] = it[1]
    end
    return list
  end

  after_each(function()
    hook = nil
  end)

  it("compares by <, also strings and what has a metamethod", function()
    local q = queue.PriorityQueue()
    for _, word in ipairs { "c", "a", "b" } do
      q:put(word)
    end
    assert.same({ "a", "b", "c" }, drain(q))
    for _, n in ipairs { 3, 1, 2 } do
      q:put(item(n))
    end
    assert.same({ 1, 2, 3 }, numbers(q))
  end)

  it("an error in a comparison leaves it whole", function()
    local q = queue.PriorityQueue(9)
    for n = 1, 8 do
      q:put(item(n))
    end
    hook = function()
      error "oh"
    end
    assert.equal("oh", support.message(q.put, q, item(0)))
    assert.equal("oh", support.message(q.put_nowait, q, item(0)))
    assert.equal("oh", support.message(q.put, q, item(0), true, 1))
    assert.equal("oh", support.message(q.get, q))
    assert.equal(8, q:qsize())
    hook = nil
    assert.same({ 1, 2, 3, 4, 5, 6, 7, 8 }, numbers(q))
    q:put(1)
    assert.matches("attempt to compare", support.message(q.put, q, "x"))
    assert.same({ 1 }, drain(q))
  end)

  it("an error in a put that has waited wakes the next", function()
    local q = queue.PriorityQueue(2)
    q:put(item(1))
    q:put(item(2))
    local bad = support.start(pcall, q.put, q, "x")
    support.wait_thread_parked(bad, "Queue")
    local good = support.start(q.put, q, item(3))
    support.wait_thread_parked(good, "Queue")
    q:get()
    support.join { bad, good }
    assert.same({ 2, 3 }, numbers(q))
  end)

  it("an error in a get that has waited wakes the next", function()
    local q, failed = queue.PriorityQueue(), nil
    local got, note = support.shared_list()
    hook = function()
      if not failed then
        failed = true
        error "oh"
      end
    end
    local list = {}
    for i = 1, 3 do
      list[i] = support.start(function()
        local ok, value = pcall(q.get, q)
        note(ok and value[1] or value:match "oh$")
      end)
      support.wait_thread_parked(list[i], "Queue")
    end
    failed = true -- not in put
    for n = 1, 3 do
      q:put(item(n))
    end
    failed = false
    support.join { list[1], list[2] }
    if list[3]:is_alive() then
      q:put(item(4))
    end
    support.join(list[3])
    assert.equal(3, #got)
  end)

  it("a comparison may use the queue itself", function()
    local q = queue.PriorityQueue()
    for n = 1, 20 do
      q:put(item(2 * n))
    end
    local left, taken = 5, 0
    hook = function()
      if left > 0 then
        left = left - 1
        q:get()
        taken = taken + 1
      end
    end
    q:put(item(7))
    assert.equal(5, taken)
    hook = nil
    local list = numbers(q)
    assert.equal(16, #list)
    for i = 2, #list do
      assert.is_true(list[i - 1] < list[i])
    end
  end)

  it("comparisons of many threads, which are preempted", function()
    local _ <close> = support.switch_often()
    local q, seen = queue.PriorityQueue(), {}
    hook = function()
      for _ = 1, 20 do
        seen[0] = true
      end
    end
    support.join(support.start_many(4, function(i)
      for k = 1, 50 do
        q:put(item(i * 100 + k))
      end
      for _ = 1, 50 do
        local n = q:get()[1]
        seen[n] = (seen[n] or 0) + 1
      end
    end))
    local n = 0
    for key, times in pairs(seen) do
      assert.is_true(key == 0 or times == 1)
      n = n + 1
    end
    assert.equal(201, n)
    assert.is_true(q:empty())
  end)
end)

describe("SimpleQueue", function()
  local new = queue.SimpleQueue

  it("is first in, first out", function()
    local q = new()
    assert.is_true(q:empty())
    for i = 1, 100 do
      assert.is_true(q:put(i))
    end
    assert.equal(100, q:qsize())
    for i = 1, 100 do
      assert.equal(i, q:get())
    end
    assert.matches("^<threading%.SimpleQueue at 0x%x+: 0 items>$", tostring(q))
  end)

  it("put takes block and timeout, of no effect", function()
    local q = new()
    assert.is_true(q:put(1, false))
    assert.is_true(q:put(2, true, 0))
    assert.is_true(q:put(3, { block = true, timeout = 1 }))
    assert.is_true(q:put_nowait(4))
    assert.same({ 1, 2, 3, 4 }, drain(q))
  end)

  it("tells when it is empty", function()
    local q = new()
    for _, args in ipairs {
      { false }, { true, 0 }, { true, 0.01 }, { { timeout = 0.01 } },
    } do
      assert.same({ n = 2, nil, "empty" },
        table.pack(q:get(table.unpack(args))))
    end
    assert.equal("empty", select(2, q:get_nowait()))
  end)

  it("has neither task_done nor shutdown, and no bound", function()
    local q = new()
    assert.is_nil(q.task_done)
    assert.is_nil(q.shutdown)
    assert.is_nil(q.full)
    assert.equal("SimpleQueue() takes no arguments", support.message(new, 1))
  end)

  it("waits, polls and tries again: nothing lost or doubled", function()
    local q, results = new(), {}
    local N <const> = 50
    local ways = {
      function()
        return q:get()
      end,
      function()
        local item = q:get(false)
        while not item do
          time.sleep(0)
          item = q:get(false)
        end
        return item
      end,
      function()
        local item
        repeat
          item = q:get(true, 1e-5)
        until item
        return item
      end,
    }
    local consumers = support.start_many(N, function(i)
      local list = {}
      for k = 1, 20 do
        list[k] = ways[i % 3 + 1]()
      end
      results[i] = list
    end)
    support.join(support.start_many(N, function(i)
      for k = 1, 20 do
        q:put(i * 100 + k)
      end
    end))
    support.join(consumers)
    local seen, n = {}, 0
    for _, list in ipairs(results) do
      for _, item in ipairs(list) do
        assert.is_nil(seen[item])
        seen[item] = true
        n = n + 1
      end
    end
    assert.equal(N * 20, n)
  end)

  it("a put from a finaliser inside put and get is no deadlock", function()
    local q, put = new(), 0
    local function garbage()
      setmetatable({}, {
        __gc = function()
          put = put + 1
          q:put(put)
        end,
      })
    end
    for _ = 1, 2000 do
      garbage()
      q:put {}
      q:put {}
      q:get()
    end
    collectgarbage()
    collectgarbage()
    assert.equal(2000, put)
    assert.equal(2000 + put, q:qsize())
    drain(q)
    assert.is_true(q:empty())
  end)
end)

describe("memory that is not there", function()
  it("leaves the queue as it was", function()
    if support.is_instrumented() then
      pending "a sanitizer needs more address space than the limit"
      return
    end
    local out = support.output_of([[
      local queue = require "threading.queue"
      local q, n = queue.Queue(), 0
      local ok, message
      repeat
        ok, message = pcall(q.put, q, n)
        n = n + (ok and 1 or 0)
      until not ok
      assert(message == "not enough memory", message)
      assert(q:qsize() == n)
      for i = 0, n - 1 do
        assert(q:get() == i)
      end
      assert(q:empty())
      q:put "goes on"
      io.write(q:get())
    ]], { before = "ulimit -v 60000" })
    assert.equal("goes on", out)
  end)
end)
