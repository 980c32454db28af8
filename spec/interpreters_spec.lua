local interpreters = require "threading.interpreters"
local support = require "spec.support"
local threading = require "threading"
local time = require "threading.time"

-- The globals of what crosses are Lua's, not those that busted has made.
local describe, it, assert = describe, it, assert
local before_each, after_each = before_each, after_each
local _ENV = package.loaded._G

describe("an interpreter", function()
  local i

  before_each(function()
    i = interpreters.create()
  end)

  after_each(function()
    i:close()
  end)

  it("calls functions, with what crosses", function()
    assert.equal(8, i:call(math.max, 2, 8))
    local n = 5
    assert.same({ 7, { x = 5 } }, { i:call(function(a)
      return a + 2, { x = n }
    end, 5) })
    assert.equal(0, select("#", i:call(function() end)))
    assert.equal(3, select("#", i:call(function()
      return nil, nil, nil
    end)))
  end)

  it("runs code, in globals of its own", function()
    i:exec "x = 5"
    assert.is_nil(rawget(_G, "x"))
    assert.equal(5, i:call(load "return x"))
  end)

  it("has globals set by prepare_main", function()
    local a = threading.Array("float64", 10)
    i:prepare_main { a = a, name = "it" }
    i:exec "for k = 1, #a do a[k] = k end"
    assert.equal(10, a[10])
    assert.equal("it", i:call(load "return name"))
  end)

  it("raises the error that a call raises, with its traceback", function()
    local err = select(2, pcall(i.call, i, function()
      error "boom"
    end))
    assert.matches("^spec/interpreters_spec.lua:%d+: boom\nstack traceback:",
      err)
    local object = select(2, pcall(i.call, i, function()
      error { code = 7 }
    end))
    assert.same({ code = 7 }, object)
  end)

  it("raises an ExecutionFailed where its code fails", function()
    local err = select(2, pcall(i.exec, i, "local x = 1\nerror 'boom'"))
    assert.is_true(interpreters.is_execution_failed(err))
    assert.matches(":2: boom$", err.value)
    assert.matches(":2: boom\nstack traceback:", err.traceback)
    assert.equal(err.traceback, tostring(err))
    err = select(2, pcall(i.exec, i, "local"))
    assert.is_true(interpreters.is_execution_failed(err))
    assert.is_false(interpreters.is_execution_failed "boom")
  end)

  it("is refused to a thread that is in it", function()
    i:prepare_main { me = i }
    assert.matches("already: call the function itself", support.message(i.call,
      i, load "return me:call(print)"))
    assert.matches("is running: 1 thread", support.message(i.call, i,
      load "me:close()"))
  end)

  it("is refused when it is closed", function()
    i:close()
    i:close()
    assert.matches("is closed$", support.message(i.call, i, print))
    assert.matches("is closed$", support.message(i.exec, i, "x = 1"))
  end)

  it("is called in a thread", function()
    local v = threading.Value "int64"
    local t = i:call_in_thread(function(value, n)
      value.value = n
    end, v, 5)
    support.join(t)
    assert.equal(5, v.value)
  end)

  it("is left by a thread that is cancelled", function()
    local entered = threading.Event()
    local caught
    local t = support.start(function()
      local _, err = pcall(i.call, i, function(event)
        event:set()
        require("threading.time").sleep(1000)
      end, entered)
      caught = err
    end)
    entered:wait()
    t:cancel "enough"
    support.join(t)
    assert.is_true(threading.is_cancelled(caught))
    assert.equal("enough", caught.message)
  end)
end)

describe("the interpreters", function()
  it("are listed in the order of their creation", function()
    local main = interpreters.get_main()
    assert.equal(0, main.id)
    assert.equal(main, interpreters.get_current())
    local a <close> = interpreters.create()
    local b <close> = interpreters.create()
    local list = interpreters.list_all()
    assert.equal(main, list[1])
    assert.equal(a, list[#list - 1])
    assert.equal(b, list[#list])
    assert.is_true(a.id < b.id)
    assert.equal(a.id, a:call(function()
      return require("threading.interpreters").get_current().id
    end))
  end)

  it("are closed when nothing refers to them", function()
    local count = #interpreters.list_all()
    for _ = 1, 10 do
      interpreters.create()
    end
    collectgarbage()
    collectgarbage()
    local _ <close> = interpreters.create()
    assert.equal(count + 1, #interpreters.list_all())
  end)

  it("run side by side", function()
    local a <close> = interpreters.create()
    local b <close> = interpreters.create()
    local here, there = threading.Event(), threading.Event()
    local function spin(mine, other) -- each holds its global lock
      mine:set()
      repeat until other:is_set()
    end
    support.join { a:call_in_thread(spin, here, there),
      b:call_in_thread(spin, there, here) }
    assert.is_true(time.monotonic() > 0)
  end)
end)
