-- What docs/limits.md says of preemption: it is so, and nothing more is.
-- Where one of these fails, the page promises too little.

local _thread = require "threading._thread"
local support = require "spec.support"
local threading = require "threading"

-- Does another thread have a turn while this one computes?
local function is_preempted()
  local before = _thread._switches()
  for _ = 1, 200 do
    for _ = 1, 10000 do end
    if _thread._switches() > before then
      return true
    end
  end
  return false
end

-- Calls fn beside a thread that computes.
local function beside_another(fn)
  local _ <close> = support.switch_often()
  local stop, runs = false, false
  local t = support.start(function()
    while not stop do
      runs = true
    end
  end)
  while not runs do end
  fn()
  stop = true
  support.join(t)
end

describe("a thread that computes", function()
  local preempted

  local function computes()
    preempted = is_preempted()
  end

  local function computes_until_preempted()
    preempted = support.spin_until(is_preempted)
  end

  before_each(function()
    preempted = nil
  end)

  it("is preempted, in what a function of Lua's own calls, too", function()
    beside_another(computes_until_preempted)
    assert.is_true(preempted)
    beside_another(function()
      table.sort({ 2, 1 }, computes_until_preempted)
    end)
    assert.is_true(preempted)
  end)

  it("is not in a function of Lua's own", function()
    local list, n = {}, nil
    for i = 1, 500000 do
      list[i] = i * 7919 % 500009
    end
    beside_another(function()
      local before = _thread._switches()
      table.sort(list)
      n = _thread._switches() - before
    end)
    assert.is_true(n < 1000, n) -- those in the instructions around it
  end)

  -- Starts a thread that calls body(endless); cancels it when it computes.
  local function cancelled(body)
    beside_another(function()
      local ready = threading.Event()
      local t = support.start(body, function()
        ready:set()
        while true do end
      end)
      ready:wait()
      t:cancel { asynchronous = true }
      support.join(t)
    end)
  end

  it("is preempted after an asynchronous cancellation", function()
    cancelled(function(endless)
      pcall(endless)
      computes_until_preempted()
    end)
    assert.is_true(preempted)
    cancelled(function(endless)
      local _ <close> = setmetatable({}, { __close = computes_until_preempted })
      endless()
    end)
    assert.is_true(preempted)
  end)

  it("is not in the handler of xpcall, which that calls", function()
    cancelled(function(endless)
      xpcall(endless, computes)
    end)
    assert.is_false(preempted)
  end)

  it("is not in what closes a coroutine that has ended so", function()
    cancelled(function(endless)
      local co = coroutine.create(function()
        local _ <close> = setmetatable({}, { __close = computes })
        endless()
      end)
      coroutine.resume(co)
      coroutine.close(co)
    end)
    assert.is_false(preempted)
  end)

  it("is not in a hook", function()
    beside_another(function()
      debug.sethook(function()
        debug.sethook()
        computes()
      end, "", 1)
    end)
    assert.is_false(preempted)
  end)

  it("is not in a finaliser", function()
    beside_another(function()
      setmetatable({}, { __gc = computes })
      collectgarbage()
    end)
    assert.is_false(preempted)
  end)
end)

describe("while a finaliser waits", function()
  local weak

  -- Makes garbage until what is dropped here is collected, but no more than n.
  local function is_collected(n)
    weak = weak or setmetatable({ {} }, { __mode = "v" })
    repeat
      n = n - 1
    until not weak[1] or not { { {} } } or n == 0
    return not weak[1]
  end

  it("the collector rests", function()
    local waits, go = threading.Event(), threading.Event()
    local t = support.start(function()
      setmetatable({}, { __gc = function()
        waits:set()
        go:wait()
      end })
      collectgarbage()
    end)
    waits:wait()
    local collected = is_collected(1000000)
    go:set()
    support.join(t)
    assert.is_false(collected)
    assert.is_true(is_collected(1000000000))
  end)
end)
