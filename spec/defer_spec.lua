local cancelling = require "spec.support.cancelling"
local support = require "spec.support"
local threading = require "threading"

describe("defer", function()
  -- What was called in which order.
  local function recorder()
    local list = {}
    return list, function(...)
      list[#list + 1] = table.pack(...)
    end
  end

  it("calls the function at the end of the block, with its arguments alone",
    function()
      local list, note = recorder()
      do
        local _ <close> = threading.defer(note, 1, nil, "x", nil)
        assert.same({}, list)
      end
      assert.same({ { 1, nil, "x", nil, n = 4 } }, list)
      do
        local _ <close> = threading.defer(note)
      end
      assert.same({ n = 0 }, list[2])
    end)

  it("the last one first", function()
    local list, note = recorder()
    do
      local _ <close> = threading.defer(note, 1)
      local _ <close> = threading.defer(note, 2)
    end
    assert.equal(2, list[1][1])
    assert.equal(1, list[2][1])
  end)

  it("does so at a break, a return and an error, which goes on", function()
    local list, note = recorder()
    for i = 1, 2 do
      local _ <close> = threading.defer(note, "break")
      if i == 1 then
        break
      end
    end
    local function f()
      local _ <close> = threading.defer(note, "return")
      return "result"
    end
    assert.equal("result", f())
    local mine = {}
    local ok, err = pcall(function()
      local _ <close> = threading.defer(note, "error")
      error(mine)
    end)
    assert.is_false(ok)
    assert.equal(mine, err)
    assert.same({ "break", "return", "error" },
      { list[1][1], list[2][1], list[3][1] })
    assert.equal(1, list[3].n) -- the error is not passed
  end)

  it("does so where the thread is cancelled", function()
    for _, asynchronous in ipairs { false, true } do
      local event, list, note = threading.Event(), recorder()
      local t, result = cancelling.start(function()
        local _ <close> = threading.defer(note, "cancelled")
        if asynchronous then
          event:set()
          while true do
          end
        end
        event:wait()
      end)
      if asynchronous then
        event:wait()
      else
        support.wait_thread_parked(t, "Event")
      end
      t:cancel { asynchronous = asynchronous }
      support.join(t)
      cancelling.assert_cancelled(result)
      assert.same({ { "cancelled", n = 1 } }, list)
    end
  end)

  it("an error in the function is one of the block", function()
    local ok, err = pcall(function()
      local _ <close> = threading.defer(error, "late", 0)
    end)
    assert.is_false(ok)
    assert.equal("late", err)
  end)

  it("calls what is callable, and what waits", function()
    local list, note = recorder()
    local event = threading.Event()
    local t = support.start(function()
      local _ <close> = threading.defer(setmetatable({}, {
        __call = function(_, x)
          event:wait()
          note(x)
        end,
      }), 5)
    end)
    support.wait_thread_parked(t, "Event")
    event:set()
    support.join(t)
    assert.same({ { 5, n = 1 } }, list)
  end)

  it("the function may yield", function()
    if support.before_5_4_3 then
      return
    end
    local co = coroutine.wrap(function()
      do
        local _ <close> = threading.defer(coroutine.yield, "yielded")
      end
      return "ended"
    end)
    assert.equal("yielded", co())
    assert.equal("ended", co())
  end)

  it("calls it once, however often it is closed", function()
    local list, note = recorder()
    do
      local d <close> = threading.defer(note, 1)
      local _ <close> = d
      debug.getmetatable(d).__close(d)
      assert.equal(1, #list)
    end
    assert.equal(1, #list)
  end)

  it("keeps the arguments, and no longer than the block", function()
    local weak, list, note = setmetatable({}, { __mode = "k" }), recorder()
    local function deferred()
      local object = {}
      weak[object] = true
      return threading.defer(note, object)
    end
    do
      local _ <close> = deferred()
      collectgarbage()
      assert.is_truthy(next(weak))
    end
    list[1] = nil
    support.wait_until(function()
      collectgarbage()
      return next(weak) == nil
    end, "the argument to be collected")
  end)

  it("takes many arguments, and refuses more than Lua can keep", function()
    local list, note = recorder()
    local many = {}
    for i = 1, 70000 do
      many[i] = i
    end
    do
      local _ <close> = threading.defer(note, table.unpack(many, 1, 60000))
    end
    assert.equal(60000, list[1][60000])
    assert.matches("too many arguments to 'defer'",
      support.message(threading.defer, note, table.unpack(many)), 1, true)
  end)

  it("refuses what is not callable, and another self", function()
    for _, bad in ipairs { 1, "x", {}, true } do
      assert.matches("bad argument #1 to 'defer' (fn: callable expected",
        support.message(threading.defer, bad), 1, true)
    end
    local close = debug.getmetatable(threading.defer(print)).__close
    for _, bad in ipairs { 1, {}, io.stdout, threading.Lock() } do
      assert.is_false(pcall(close, bad))
    end
    assert.is_false(pcall(close))
  end)
end)
