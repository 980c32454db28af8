local interpreters = require "threading.interpreters"
local queues = require "spec.support.queues"
local support = require "spec.support"
local threading = require "threading"

-- The globals of what crosses are Lua's, not those that busted has made.
local describe, it, assert = describe, it, assert
local before_each, after_each = before_each, after_each
local _ENV = package.loaded._G

local create_queue = interpreters.create_queue

local BLOCK <const> = 64 -- items, see csrc/os/tuning.h

describe("interpreters.Queue", function()
  queues.specify(it, describe, create_queue, "Queue",
    "interpreters%.Queue")

  it("gives items of all kinds back as they were", function()
    local q = create_queue()
    local items = { 1, 1.0, -0.0, 0.1, 1 / 0, math.mininteger, true, false, "",
      ("x"):rep(1000), "a\0b" }
    for _, item in ipairs(items) do
      q:put(item)
    end
    for _, item in ipairs(items) do
      local got = q:get()
      assert.equal(math.type(item), math.type(got))
      assert.equal(("%q"):format(item), ("%q"):format(got))
    end
  end)

  it("keeps what fits no block, or just one", function()
    for _, n in ipairs { BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK } do
      local q = create_queue()
      for _ = 1, 2 do
        for i = 1, n do
          q:put(i)
        end
        for i = 1, n do
          assert.equal(i, q:get())
        end
        assert.is_true(q:empty())
      end
      q:put "dropped"
    end
  end)

  it("goes by reference, in a table too", function()
    local q, other = create_queue(), create_queue()
    other:put "in the other"
    q:put(other)
    q:put { other, { other } }
    assert.is_true(rawequal(other, q:get()))
    local list = q:get()
    assert.is_true(rawequal(other, list[1]))
    assert.is_true(rawequal(other, list[2][1]))
    assert.equal("in the other", list[1]:get())
  end)

  it("frees a long chain of queues, each in the next", function()
    local q = create_queue()
    for _ = 1, 100000 do
      local outer = create_queue()
      outer:put(q)
      q = outer
    end
    q = q:get()
    collectgarbage()
    assert.equal(1, q:qsize())
  end)

  it("refuses what cannot cross, and is as it was", function()
    local q = create_queue(1)
    for _, put in ipairs { q.put, q.put_nowait } do
      assert.matches("^item: .*cannot cross", support.message(put, q,
        coroutine.create(print)))
    end
    assert.is_true(q:empty())
    assert.is_true(q:join())
    assert.is_true(q:put(1))
  end)
end)

describe("interpreters.Queue, between interpreters,", function()
  local i

  before_each(function()
    i = interpreters.create()
  end)

  after_each(function()
    i:close()
  end)

  -- Does one thing in the other interpreter, in a thread, when that is known to
  -- wait; returns the thread, and a queue for what the function returns.
  local function waiting_there(fn, q)
    local results, waits = create_queue(), threading.Event()
    local t = i:call_in_thread(function(...)
      local thread = require "threading._thread"
      local ident = thread.get_ident()
      require("threading").Thread { daemon = true, target = function()
        repeat
          local what = thread._parked()[ident]
        until what == "Queue"
        waits:set()
      end }:start()
      results:put(table.pack(fn(...)))
    end, q)
    assert.is_true(waits:wait(support.PATIENCE))
    return t, results
  end

  it("is the same queue, and comes back as the same value", function()
    local q = create_queue(2)
    local back = i:call(function(queue)
      queue:put "there"
      return queue
    end, q)
    assert.is_true(rawequal(q, back))
    assert.equal("there", q:get())
    assert.same({ nil, "empty" }, { q:get(false) })
  end)

  it("outlives the interpreter that has made it", function()
    local q = i:call(function()
      local queue = require("threading.interpreters").create_queue(3)
      queue:put { 1, 2 }
      return queue
    end)
    i:close()
    assert.same({ 1, 2 }, q:get())
    assert.matches(": 0/3 items>$", tostring(q))
  end)

  it("a get that waits there gets what is put here", function()
    local q = create_queue()
    local t, results = waiting_there(function(queue)
      return queue:get()
    end, q)
    q:put { "item" }
    support.join(t)
    assert.same({ { "item" }, n = 1 }, results:get())
  end)

  it("a put that waits there goes on after a get here", function()
    local q = create_queue(1)
    q:put(1)
    local t, results = waiting_there(function(queue)
      return queue:put(2)
    end, q)
    assert.equal(1, q:get())
    support.join(t)
    assert.same({ true, n = 1 }, results:get())
    assert.equal(2, q:get())
  end)

  it("who waits there is told of a shutdown and of the last task", function()
    local q = create_queue()
    local t, results = waiting_there(function(queue)
      return queue:get()
    end, q)
    q:shutdown()
    support.join(t)
    assert.same({ nil, "shutdown", n = 2 }, results:get())

    q = create_queue()
    q:put(1)
    t, results = waiting_there(function(queue)
      return queue:join()
    end, q)
    q:task_done()
    support.join(t)
    assert.same({ true, n = 1 }, results:get())
  end)

  it("a wait there is cancelled from here, and leaves no trace", function()
    local q = create_queue()
    local t = waiting_there(function(queue)
      return queue:get()
    end, q)
    t:cancel()
    support.join(t)
    q:put(1)
    assert.equal(1, q:get())
  end)

  it("a wait that nobody can end is told, there or here", function()
    local q = create_queue()
    local t = i:call_in_thread(function(queue)
      pcall(queue.get, queue)
    end, q)
    -- Where the thread there is told, it ends, and this one is told then.
    assert.matches("deadlock: every thread waits for ever",
      support.message(q.get, q))
    q:shutdown()
    support.join(t)
  end)

  it("threads of several interpreters lose and double nothing", function()
    local others = { i, interpreters.create(), interpreters.create() }
    for _, maxsize in ipairs { 0, 1, 100 } do
      local q, sums = create_queue(maxsize), create_queue()
      local consumers, producers = {}, {}
      for k, other in ipairs(others) do
        consumers[k] = other:call_in_thread(function()
          local n, sum = 0, 0
          for item in q:items() do
            n, sum = n + 1, sum + (type(item) == "table" and item[1] or item)
          end
          sums:put { n, sum }
        end)
        producers[k] = other:call_in_thread(function()
          for item = 1, 2000 do
            q:put(item % 3 == 0 and { item } or item)
          end
        end)
      end
      support.join(producers)
      q:shutdown()
      support.join(consumers)
      local n, sum = 0, 0
      for _ = 1, #others do
        local got = sums:get()
        n, sum = n + got[1], sum + got[2]
      end
      assert.equal(3 * 2000, n)
      assert.equal(3 * 2000 * 2001 // 2, sum)
    end
    others[2]:close()
    others[3]:close()
  end)
end)
