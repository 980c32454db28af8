local queue = require "threading.queue"
local queues = require "spec.support.queues"
local support = require "spec.support"
local time = require "threading.time"

local drain = queues.drain

local kinds = { "Queue", "LifoQueue", "PriorityQueue" }

for _, name in ipairs(kinds) do
  describe(name, function()
    queues.specify(it, describe, queue[name], name)
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
    assert.equal("bad argument #1 to 'SimpleQueue' (options: table expected, "
      .. "got 1)", support.message(new, 1))
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
