-- A short round of `make explore`: the library's own code, under schedules that
-- a random walk chooses.

local _thread = require "threading._thread"
local keys = require "tools.keys"
local scenarios = require "tools.explore.scenarios"
local search = require "tools.explore.search"
local support = require "spec.support"
local threading = require "threading"

local SCHEDULES <const> = support.is_instrumented() and 10 or 60

describe("The library holds, whatever runs when:", function()
  for _, name in ipairs(keys(scenarios)) do
    it(name, function()
      assert.is_nil(search(scenarios[name], SCHEDULES, 1))
    end)
  end
end)

describe("Its explorer", function()
  -- A queue that looks at its items once, before it waits.
  it("would find a wait that misses its wake-up", function()
    local failure = search(function()
      local condition, items = threading.Condition(), 0
      local function take()
        local empty = items == 0
        local _ <close> = condition:guard()
        if empty then
          condition:wait()
        end
        items = items - 1
      end
      local t = threading.Thread { target = take }
      t:start()
      condition:with(function()
        items = items + 1
        condition:notify()
      end)
      t:join()
    end, 600, 1)
    assert.matches("deadlock", failure)
  end)

  it("would find a timer that fires as its wait ends", function()
    local failure = search(function()
      local event = threading.Event()
      local t = threading.Thread { target = event.set, args = { event } }
      t:start()
      local set = event:wait(1000)
      t:join()
      assert(set, "timed out")
    end, 600, 1)
    assert.matches("timed out", failure)
    assert.is_false(_thread._is_explored())
  end)
end)
