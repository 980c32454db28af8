-- The hostile build: see csrc/testing.h. In an ordinary build this file has
-- some specs run in a hostile one.

local _thread = require "threading._thread"
local support = require "spec.support"

local testing = _thread._testing

if not testing then
  describe("in the hostile build", function()
    it("a part of the specs passes", function()
      local log = os.tmpname()
      local ok = os.execute("tools/hostile 1 -- spec/hostile_spec.lua " ..
        "spec/lock_spec.lua spec/condition_spec.lua spec/barrier_spec.lua " ..
        "spec/semaphore_spec.lua spec/event_spec.lua >" .. log .. " 2>&1")
      local file <close> = assert(io.open(log))
      local said = file:read "a"
      os.remove(log)
      assert.is_true(ok, said)
    end)
  end)
  return
end

describe("preempt_every", function()
  local before = testing.preempt_every()

  after_each(function()
    testing.preempt_every(before)
  end)

  it("lets another thread run after each instruction", function()
    testing.preempt_every(1)
    local runs, stop = false, false
    local t = support.start(function()
      runs = true
      while not stop do end
    end)
    while not runs do end
    local switches = _thread._switches()
    for _ = 1, 1000 do end
    local after = _thread._switches()
    stop = true
    support.join(t)
    assert.is_true(after - switches >= 1000)
  end)
end)
