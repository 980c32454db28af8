-- What reaches a thread in each kind of loop of compiled code: cancel, Ctrl-C
-- and the end of the program end it; what returns lets it go on.

local loops = require "spec.support.rounds"
local support = require "spec.support"
local threading = require "threading"

local Array, compile = threading.Array, threading.compile

local function started(f)
  local a, results = Array("int64", 2), {}
  local t = support.start(function()
    results[1], results[2] = pcall(f, a)
  end)
  support.wait_until(function()
    return a[1] == 1
  end)
  return t, a, results
end

-- In a child: `a`, and `when_on(fn)`, which calls fn in a thread when the loop
-- runs.
local CHILD <const> = [[
  local loops = require "spec.support.rounds"
  local threading, time = require "threading", require "threading.time"
  local a = threading.Array("int64", 2)
  local function when_on(fn)
    threading.Thread { daemon = true, target = function()
      while a[1] == 0 do
        time.sleep(0)
      end
      fn()
    end }:start()
  end
  local function signal(name)
    assert(io.popen("kill -" .. name .. " $PPID"):close())
  end
]]

for _, kind in ipairs { "rounds", "endless" } do
  describe("of " .. kind .. ", ", function()
    for name, loop in pairs(loops[kind]) do
      it("cancel ends the loop: " .. name, function()
        local t, _, results = started(compile(loop))
        assert.is_true(t:cancel "enough")
        support.join(t)
        assert.is_false(results[1])
        assert.equal("enough", results[2].message)
      end)
    end

    it("Ctrl-C ends each loop of the main thread", function()
      for name in pairs(loops[kind]) do
        assert.equal("false\ttrue\n", support.output_of(CHILD .. ([[
          when_on(function()
            signal "INT"
          end)
          local f = threading.compile(loops.%s[%q])
          local ok, err = pcall(f, a)
          print(ok, tostring(err):find("interrupted!", 1, true) ~= nil)
        ]]):format(kind, name)), name)
      end
    end)

    it("interrupt_main ends each, one after another", function()
      assert.equal("end\n", support.output_of(CHILD .. ([[
        for name, loop in pairs(loops.%s) do
          a[1] = 0
          local f = threading.compile(loop)
          when_on(threading.interrupt_main)
          local ok, err = pcall(f, a)
          assert(not ok and err:find "interrupted!", name)
        end
        print "end"
      ]]):format(kind)))
    end)

    it("the end of the program ends each", function()
      assert.equal("end\n", support.output_of(CHILD .. ([[
        for _, loop in pairs(loops.%s) do
          a[1] = 0
          threading.Thread { daemon = true, target = threading.compile(loop),
            args = { a } }:start()
          while a[1] == 0 do
            time.sleep(0)
          end
        end
        print "end"
      ]]):format(kind)))
    end)
  end)
end

describe("goes on", function()
  for name, loop in pairs(loops.rounds) do
    it("under a shield: " .. name, function()
      local f = compile(loop)
      local t, a, results = started(function(array)
        return threading.shield(f, array)
      end)
      t:cancel()
      a[2] = 1
      support.join(t)
      assert.is_true(results[1], results[2])
    end)
  end

  it("after a signal whose handler returns, in each loop", function()
    local r = support.run(CHILD .. [[
      threading.dump_on_signal "USR1"
      for _, loop in pairs(loops.rounds) do
        a[1], a[2] = 0, 0
        when_on(function()
          signal "USR1"
          a[2] = 1
        end)
        threading.compile(loop)(a)
      end
      print "end"
    ]])
    assert.equal("end\n", r.out, r.err)
    assert.matches("MainThread", r.err)
  end)

  it("after a hook that returns", function()
    local f, a, calls = compile(loops.rounds["while"]), Array("int64", 2), 0
    local t = support.start(function()
      support.wait_until(function()
        return a[1] == 1
      end)
      a[2] = 1
    end)
    debug.sethook(function()
      calls = calls + 1
    end, "crl", 1)
    local ok, n = pcall(f, a)
    debug.sethook()
    support.join(t)
    assert.is_true(ok, n)
    assert.is_true(calls > 0)
  end)
end)
