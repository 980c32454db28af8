local _thread = require "threading._thread"
local queues = require "spec.support.queues"
local support = require "spec.support"

local create_queue = _thread._cross_queue

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
