-- threading.interrupt_main in this process; real signals are in
-- spec/interrupt_spec.lua.

local loops = require "threading.loops"
local support = require "spec.support"
local threading = require "threading"
local time = require "threading.time"
local waits = require "spec.support.waits"

describe("interrupt_main", function()
  for name, wait in waits.each() do
    it("ends " .. name .. " of the main thread", function()
      local object, more, tidy_up = waits.make_elsewhere(wait)
      local t = support.start(function()
        support.wait_thread_parked(threading.main_thread(), wait.what)
        threading.interrupt_main()
      end)
      local text = support.message(wait.call, object, nil, more)
      support.join(t)
      tidy_up()
      assert.matches("interrupted!$", text)
    end)
  end

  local computations = {
    ["Lua code"] = function()
      while true do
        -- compute
      end
    end,
    ["C loops"] = function()
      loops.spin()
      threading.checkpoint()
    end,
  }
  for name, compute in pairs(computations) do
    it("ends " .. name .. " of the main thread", function()
      local computing = false
      local t = support.start(function()
        support.wait_until(function()
          return computing
        end)
        threading.interrupt_main()
      end)
      assert.equal("interrupted!", support.message(function()
        computing = true
        compute()
      end))
      support.join(t)
    end)
  end

  it("raises at once in the main thread, once", function()
    assert.equal("interrupted!", support.message(threading.interrupt_main))
    threading.checkpoint()
    time.sleep(0)
  end)

  it("does nothing where nobody handles the signal", function()
    assert.equal("went on\n", support.output_of [[
      local threading = require "threading"
      local time = require "threading.time"
      -- Not SIGINT, nor those that a sanitizer handles.
      for _, sig in ipairs { 1, 3, 10, 12, 13, 14, 15 } do
        threading.interrupt_main(sig)
      end
      local t = threading.Thread { target = threading.interrupt_main,
        args = { 15 } }
      t:start()
      t:join()
      time.sleep(0)
      print "went on"
    ]])
  end)

  it("calls a handler that is installed", function()
    local r = support.run [[
      local threading = require "threading"
      threading.dump_on_signal "USR1"
      threading.interrupt_main(10) -- SIGUSR1
    ]]
    assert.matches("MainThread", r.err)
    assert.equal(0, r.code)
  end)

  it("knows the numbers of signals", function()
    for _, bad in ipairs { 0, -1, 100000 } do
      assert.matches("signum", support.message(threading.interrupt_main, bad),
        1, true)
    end
    for _, bad in ipairs { "INT", 1.5, {}, true } do
      assert.matches("signum: integer expected",
        support.message(threading.interrupt_main, bad), 1, true)
    end
  end)
end)
