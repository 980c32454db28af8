local support = require "spec.support"
local threading = require "threading"
local time = require "threading.time"

-- The replaced functions of coroutine.* against those of plain Lua: a program
-- prints the same with `threading` loaded, in the main thread and in another
-- one that is preempted all the time, as without.

local program = [[
local function show(...)
  local t = table.pack(...)
  for i = 1, t.n do
    t[i] = type(t[i]) == "string" and t[i]
      or math.type(t[i]) and tostring(t[i]) or type(t[i])
  end
  print(table.concat(t, " "))
end

local function closing(fn)
  return setmetatable({}, { __close = fn })
end

local function run()
  -- values in and out
  local co = coroutine.create(function(...)
    show("in", ...)
    show("again", coroutine.yield(1, nil, 3, nil))
    return "end", nil
  end)
  show(coroutine.status(co))
  show(coroutine.resume(co, "a", nil))
  show(coroutine.resume(co))
  show(coroutine.resume(co))
  show(coroutine.status(co))

  -- errors
  show(coroutine.resume(coroutine.create(function() error("text", 0) end)))
  show(coroutine.resume(coroutine.create(function() error("text") end)))
  show(coroutine.resume(coroutine.create(function() error({}) end)))
  show(pcall(coroutine.wrap(function() error("text") end)))
  show(pcall(coroutine.wrap(function() error({}) end)))
  show(pcall(coroutine.wrap(function() error() end)))
  local w = coroutine.wrap(function() return 1 end)
  w()
  show(pcall(w))
  show(pcall(coroutine.wrap(function() return w() end)))
  show(coroutine.resume(coroutine.running()))
  for _, f in ipairs { coroutine.create, coroutine.wrap, coroutine.resume,
    coroutine.status, coroutine.close } do
    show(pcall(f))
    show(pcall(f, 1))
  end

  -- yields across C, and at the top
  show(pcall(coroutine.wrap(function()
    return table.sort({ 1, 2, 3 }, coroutine.yield)
  end)))
  show(coroutine.wrap(function() return pcall(coroutine.yield, "y") end)())
  show(pcall(coroutine.yield))
  show(coroutine.isyieldable())
  show(coroutine.wrap(coroutine.isyieldable)())

  -- who runs
  local outer
  outer = coroutine.create(function()
    local inner = coroutine.create(function()
      show(coroutine.status(outer), coroutine.resume(outer))
      show(pcall(coroutine.close, outer))
    end)
    show(coroutine.resume(inner))
    show(coroutine.status(outer))
  end)
  show(coroutine.resume(outer))
  show(select(2, coroutine.wrap(coroutine.running)()))

  -- close
  for _, err in ipairs { false, "at the end" } do
    local c = coroutine.create(function()
      local _ <close> = closing(function(_, e)
        show("closed", e)
        if err then error(err, 0) end
      end)
      coroutine.yield()
    end)
    coroutine.resume(c)
    show(coroutine.close(c))
    show(coroutine.status(c))
    show(coroutine.close(c))
    show(coroutine.resume(c))
  end
  show(coroutine.close(coroutine.create(print)))
  local failed = coroutine.create(error)
  coroutine.resume(failed, "dead")
  show(coroutine.close(failed))
  local yields = coroutine.wrap(function()
    local _ <close> = closing(function() coroutine.yield("closing") end)
    return "returned"
  end)
  show(pcall(yields)) -- raises before Lua 5.4.3
  show(pcall(yields))
  show(pcall(coroutine.wrap(function()
    local _ <close> = closing(function(_, e) show("sees", e) end)
    error("wrapped", 0)
  end)))

  -- many values, deep nesting
  show(select("#", coroutine.wrap(function(...) return ... end)(
    table.unpack({}, 1, 5000))))
  show(pcall(coroutine.wrap(function() return table.unpack({}, 1, 1e7) end)))
  local function nest(n)
    if n == 0 then return "bottom" end
    return coroutine.wrap(nest)(n - 1)
  end
  show(nest(50))
  local function overflow()
    return coroutine.wrap(overflow)()
  end
  show(select(2, pcall(overflow)):match("C stack overflow"))
end
]]

-- Its output without the names of temporary files.
local function output_of(source)
  return (support.output_of(source):gsub("%S+:%d+: ", ""))
end

describe("coroutine", function()
  local expected = output_of(program .. "run()")

  it("is plain Lua's in the main thread", function()
    assert.equal(expected,
      output_of("require 'threading'\n" .. program .. "run()"))
  end)

  it("is plain Lua's in a thread that is preempted", function()
    assert.equal(expected, output_of(program .. [[
      local threading = require "threading"
      threading.setswitchinterval(5e-5)
      local over = false
      local noise = threading.Thread { target = function()
        while not over do end
      end }
      noise:start()
      local t = threading.Thread { target = function()
        run()
        over = true
      end }
      t:start()
      t:join()
    ]]))
  end)
end)

describe("a coroutine that wakes a thread lets it run when it", function()
  local ends = {
    ["returns"] = "coroutine.resume(coroutine.create(release))",
    ["fails"] = [[
      coroutine.resume(coroutine.create(function() release() error "no" end))
    ]],
    ["fails in a wrap"] = [[
      pcall(coroutine.wrap(function() release() error "no" end))
    ]],
    ["is closed"] = [[
      local co = coroutine.create(function()
        local _ <close> = setmetatable({}, { __close = release })
        coroutine.yield()
      end)
      coroutine.resume(co)
      coroutine.close(co)
    ]],
  }
  for how, source in pairs(ends) do
    it(how, function() -- who waits would wait as long as the loop runs
      assert.equal("in\n", support.output_of([[
        local _thread = require "threading._thread"
        local threading = require "threading"
        local time = require "threading.time"
        local lock, is_in = threading.Lock(), false
        lock:acquire()
        local t = threading.Thread { target = function()
          lock:acquire()
          is_in = true
        end }
        t:start()
        while _thread._parked()[t.ident] ~= "Lock" do time.sleep(0) end
        local function release() lock:release() end
      ]] .. source .. [[
        while not is_in do end
        print "in"
      ]]))
    end)
  end
end)

describe("a coroutine and several threads", function()
  before_each(support.switch_often)
  after_each(support.switch_as_usual)

  it("is resumed by one after the other", function()
    local co = coroutine.create(function()
      local sum = 0
      while true do
        for i = 1, 100 do
          sum = sum + i
        end
        coroutine.yield(sum)
      end
    end)
    local lock, last = threading.Lock(), 0
    support.join(support.start_many(6, function()
      for _ = 1, 200 do
        local _ <close> = lock:guard()
        local ok, sum = coroutine.resume(co)
        assert(ok and sum == last + 5050)
        last = sum
      end
    end))
    assert.equal(6 * 200 * 5050, last)
  end)

  it("is not resumed by two at once", function()
    local over = false
    local co = coroutine.create(function()
      while not over do
        -- compute
      end
    end)
    local t = support.start(coroutine.resume, co)
    support.wait_until(function()
      return coroutine.status(co) == "normal"
    end)
    for _ = 1, 100 do
      local ok, err = coroutine.resume(co)
      assert.is_false(ok)
      assert.equal("cannot resume non-suspended coroutine", err)
      assert.equal("cannot close a normal coroutine",
        support.message(coroutine.close, co))
    end
    over = true
    support.join(t)
    assert.equal("dead", coroutine.status(co))
  end)

  it("a race for it has one winner at a time", function()
    local inside, most = 0, 0
    local co = coroutine.wrap(function()
      while true do
        inside = inside + 1
        most = math.max(most, inside)
        for _ = 1, 50 do
          -- compute
        end
        inside = inside - 1
        coroutine.yield()
      end
    end)
    local refused
    support.join(support.start_many(6, function()
      for _ = 1, 300 do
        local ok, err = pcall(co)
        if not ok then
          refused = err
        end
      end
    end))
    assert.equal(1, most)
    if refused then
      assert.matches("cannot resume non%-suspended coroutine", refused)
    end
  end)

  it("keeps a lock over a yield, for another thread to release", function()
    local lock = threading.Lock()
    local co = coroutine.wrap(function()
      lock:acquire()
      coroutine.yield()
      lock:release()
    end)
    co()
    assert.is_true(lock:locked())
    support.in_thread(co)
    assert.is_false(lock:locked())
  end)

  it("may wait inside, and its thread alone waits with it", function()
    local lock, entered = threading.Lock(), false
    lock:acquire()
    local t = support.start(function()
      coroutine.wrap(function()
        coroutine.wrap(function()
          entered = true
          lock:acquire()
        end)()
      end)()
    end)
    support.wait_thread_parked(t, "Lock")
    assert.is_true(entered)
    lock:release()
    support.join(t)
  end)

  it("is being closed by one, and refused to the others", function()
    if support.before_5_4_3 then
      pending "this Lua lets it be resumed"
      return
    end
    local lock = threading.Lock()
    lock:acquire()
    local co = coroutine.create(function()
      local _ <close> = setmetatable({}, {
        __close = function()
          lock:acquire()
        end,
      })
      coroutine.yield()
    end)
    assert(coroutine.resume(co))
    local closed
    local t = support.start(function()
      closed = coroutine.close(co)
    end)
    support.wait_thread_parked(t, "Lock")
    assert.is_false((coroutine.resume(co)))
    assert.is_false((pcall(coroutine.close, co)))
    lock:release()
    support.join(t)
    assert.is_true(closed)
    assert.equal("dead", coroutine.status(co))
  end)

  it("is closed whole, whoever asks for the lock meanwhile", function()
    local stop, closed = false, 0
    local t = support.start(function()
      while not stop do end
    end)
    for _ = 1, 10 do
      local co = coroutine.create(function()
        local _ <close> = setmetatable({}, { __close = function()
          local till = time.monotonic() + 0.005
          repeat until time.monotonic() > till
          closed = closed + 1
        end })
        coroutine.yield()
      end)
      assert(coroutine.resume(co))
      assert.same({ true }, { coroutine.close(co) })
    end
    stop = true
    support.join(t)
    assert.equal(10, closed)
  end)

  it("a thread that is in none is in its main one", function()
    local own, is_main, co, is_main_in_co
    support.join(support.start(function()
      own, is_main = coroutine.running()
      coroutine.wrap(function()
        co, is_main_in_co = coroutine.running()
      end)()
    end))
    assert.equal("thread", type(own))
    assert.is_true(is_main)
    assert.equal("thread", type(co))
    assert.are_not.equal(own, co)
    assert.is_false(is_main_in_co)
  end)

  it("a thread's own one is nobody else's", function()
    local own
    local lock = threading.Lock()
    lock:acquire()
    local t = support.start(function()
      own = coroutine.running()
      lock:acquire()
    end)
    support.wait_thread_parked(t, "Lock")
    assert.equal("normal", coroutine.status(own))
    assert.is_false((coroutine.resume(own)))
    assert.is_false((pcall(coroutine.close, own)))
    assert.matches("acquire", debug.traceback(own))
    lock:release()
    support.join(t)
    assert.equal("dead", coroutine.status(own))
    assert.is_false((coroutine.resume(own)))
    assert.is_true(coroutine.close(own))
    own = nil
    collectgarbage()
    assert.is_nil(own)
  end)
end)
