-- The low-level module, and the settings of the runtime.

local _thread = require "threading._thread"
local support = require "spec.support"
local threading = require "threading"

describe("_thread", function()
  it("start_new_thread runs fn(...) and returns the ident inside", function()
    local got
    local ident = _thread.start_new_thread(function(...)
      got = table.pack(_thread.get_ident(), ...)
    end, 1, nil, "x", nil)
    support.wait_until(function()
      return got
    end)
    assert.same({ ident, 1, nil, "x", nil, n = 5 }, got)
  end)

  it("start_new_thread takes anything callable", function()
    local got
    _thread.start_new_thread(setmetatable({}, { __call = function(_, x)
      got = x
    end }), 3)
    support.wait_until(function()
      return got
    end)
    assert.equal(3, got)
  end)

  it("current_thread inside is a living daemon of its own", function()
    local got
    _thread.start_new_thread(function()
      local t = threading.current_thread()
      local again = threading.current_thread()
      local message = support.message(t.join, t)
      got = { t.ident == _thread.get_ident(), t:is_alive(), t.daemon,
        rawequal(t, again), message }
    end)
    support.wait_until(function()
      return got
    end)
    assert.same({ true, true, true, true, "cannot join a dummy thread" }, got)
    support.wait_until(function()
      return threading.active_count() == 1
    end)
  end)

  it("errors of a low-level thread are told on stderr", function()
    local r = support.run [[
      local _thread = require "threading._thread"
      local lock = _thread.allocate_lock()
      lock:acquire()
      local closer = setmetatable({}, { __gc = nil, __close = function()
        lock:release()
      end })
      _thread.start_new_thread(function()
        local _ <close> = closer
        error "low level"
      end)
      lock:acquire()
      _thread.start_new_thread(function()
        local _ <close> = closer
        _thread.exit()
      end)
      lock:acquire()
      _thread.shutdown()
    ]]
    assert.equal(0, r.code)
    assert.matches("^Exception ignored in thread started by function: 0x%x+\n"
      .. "[^\n]+: low level\nstack traceback:\n", r.err)
    assert.is_nil(r.err:find("exit", 1, true))
  end)

  it("the handle of the names is the same function in both", function()
    for _, name in ipairs {
      "get_ident", "get_native_id", "exit", "interrupt_main", "stack_size",
      "TIMEOUT_MAX",
    } do
      assert.equal(_thread[name], threading[name])
    end
    assert.equal(_thread.allocate_lock, threading.Lock)
  end)
end)

describe("settings", function()
  it("stack_size returns the size before, and holds for new ones", function()
    local before = threading.stack_size()
    for _, size in ipairs { 1 << 20, 2 << 20, 16 << 20 } do
      threading.stack_size(size)
      assert.equal(size, threading.stack_size())
      assert.equal(size, support.in_thread(threading.stack_size))
    end
    assert.equal(16 << 20, threading.stack_size(0))
    assert.equal(0, threading.stack_size(before))
  end)

  -- In a child, for what it shows when it fails is a crash.
  it("the smallest stack bears Lua's deepest C recursion", function()
    if support.is_instrumented() then
      pending "a sanitizer's frames are larger"
      return
    end
    local out = support.output_of [[
      local threading = require "threading"
      local size = 0
      repeat
        size = size + 65536
      until pcall(threading.stack_size, size)
      local results = {}
      local t = threading.Thread { target = function()
        local function f(s)
          return (s:gsub(".", f))
        end
        local mt = {}
        function mt.__tostring(o)
          return string.format("%s", o)
        end
        function mt.__index(o)
          return table.concat(o, "", 1, 1)
        end
        local o = setmetatable({}, mt)
        for i, deep in ipairs {
          f, tostring, function() return o[1] end,
        } do
          local ok, err = pcall(deep, i == 1 and "x" or o)
          assert(not ok and tostring(err):find "stack overflow", err)
          results[i] = i
        end
      end }
      t:start()
      t:join()
      print(table.concat(results, " "))
    ]]
    assert.equal("1 2 3\n", out)
  end)

  it("the switch interval is what was set, to a microsecond", function()
    local before = threading.getswitchinterval()
    for _, s in ipairs { 1e-6, 0.00005, 0.005, 0.5, 1, 100 } do
      assert.equal(0, select("#", threading.setswitchinterval(s)))
      local got = threading.getswitchinterval()
      assert.is_true(math.abs(got - s) < 1e-6, got)
    end
    threading.setswitchinterval(before)
    assert.equal(before, threading.getswitchinterval())
  end)

  it("cpu_count counts the processors of this process", function()
    local n = threading.cpu_count()
    assert.equal("integer", math.type(n))
    assert.is_true(n >= 1)
    local f <close> = io.open "/proc/self/status"
    local mask = f and f:read "a":match "\nCpus_allowed:%s*([%x,]+)"
    if not mask then
      pending "no /proc here"
      return
    end
    local bits = 0
    for digit in mask:gmatch "%x" do
      for bit = 0, 3 do
        bits = bits + (tonumber(digit, 16) >> bit & 1)
      end
    end
    assert.equal(bits, n)
  end)
end)
