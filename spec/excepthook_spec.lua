-- Errors that nobody catches: excepthook, and what it prints.

local support = require "spec.support"
local threading = require "threading"

local Thread = threading.Thread

describe("uncaught errors", function()
  local function fail(value, name)
    local t
    local calls = support.excepthook_calls(function()
      t = Thread { name = name, target = function()
        error(value)
      end }
      t:start()
      support.join(t)
    end)
    return calls, t
  end

  it("end that thread alone, and excepthook is told", function()
    local calls, t = fail("boom", "Failing")
    assert.equal(1, #calls)
    assert.matches("excepthook_spec.lua:%d+: boom$", calls[1].value)
    assert.equal(t, calls[1].thread)
    assert.matches("^[^\n]*excepthook_spec.lua:%d+: boom\nstack traceback:\n",
      calls[1].traceback)
    assert.matches("excepthook_spec.lua:%d+: in", calls[1].traceback)
    assert.is_false(t:is_alive())
    assert.is_true(t:join())
  end)

  it("error objects survive, whatever they are", function()
    local objects = {
      {}, 5, true, false, print, coroutine.create(print), io.stdout,
      setmetatable({}, { __tostring = function()
        return "I am an error"
      end }),
      setmetatable({}, { __tostring = function()
        error "no text"
      end }),
      setmetatable({}, { __tostring = function()
        return 5
      end }),
    }
    for _, object in ipairs(objects) do
      local calls = fail(object)
      assert.equal(1, #calls)
      assert.is_true(rawequal(object, calls[1].value))
      assert.equal("string", type(calls[1].traceback))
    end
    assert.matches("^I am an error\n", fail(objects[8])[1].traceback)
    local calls = fail(nil)
    assert.equal(1, #calls)
    assert.is_nil(calls[1].value)
  end)

  it("the hook runs in the thread that failed, which still lives", function()
    local seen = {}
    local before = threading.excepthook
    threading.excepthook = function(args)
      seen.current = threading.current_thread()
      seen.alive = args.thread:is_alive()
      seen.listed = threading.active_count()
    end
    local t = support.start(error, "x")
    support.join(t)
    threading.excepthook = before
    assert.equal(t, seen.current)
    assert.is_true(seen.alive)
    assert.equal(2, seen.listed)
  end)

  it("in run of a derived class too", function()
    local C = Thread:extend "C"
    function C.run()
      error("in run", 0)
    end
    local calls = support.excepthook_calls(function()
      local t = C()
      t:start()
      support.join(t)
    end)
    assert.equal("in run", calls[1].value)
  end)

  it("of ten threads each is told once", function()
    local calls = support.excepthook_calls(function()
      support.join(support.start_many(10, function(i)
        error(i, 0)
      end))
    end)
    local sum = 0
    for _, args in ipairs(calls) do
      sum = sum + args.value
    end
    assert.equal(10, #calls)
    assert.equal(55, sum)
  end)

  it("a stack overflow is an ordinary error", function()
    local calls = support.excepthook_calls(function()
      support.join(support.start(function()
        local function f()
          return 1 + f()
        end
        return f()
      end))
      support.join(support.start(function() -- of the C stack
        local function f(s)
          return (s:gsub(".", f))
        end
        return f "x"
      end))
    end)
    assert.equal(2, #calls)
    assert.matches("stack overflow", tostring(calls[1].value))
    assert.matches("stack overflow", tostring(calls[2].value))
  end)

  it("a yield at the top of a thread is an error", function()
    local calls = support.excepthook_calls(function()
      support.join(support.start(coroutine.yield))
    end)
    assert.matches("yield", calls[1].value)
  end)

  it("threading.exit ends the thread silently", function()
    local after = false
    local closed = false
    local calls = support.excepthook_calls(function()
      local t = support.start(function()
        local _ <close> = setmetatable({}, { __close = function()
          closed = true
        end })
        threading.exit()
        after = true
      end)
      support.join(t)
    end)
    assert.same({}, calls)
    assert.is_false(after)
    assert.is_true(closed)
  end)

  it("threading.exit can be caught and passed on, as any error", function()
    local ok, passed
    local calls = support.excepthook_calls(function()
      support.join(support.start(function()
        local err
        ok, err = pcall(threading.exit)
        passed = err ~= nil
        error(err)
      end))
    end)
    assert.is_false(ok)
    assert.is_true(passed)
    assert.same({}, calls)
  end)

  it("__excepthook__ is the default", function()
    assert.equal(threading.__excepthook__, threading.excepthook)
  end)
end)

describe("uncaught errors, on stderr", function()
  local function stderr_of(program)
    local r = support.run([[
      local threading = require "threading"
      local function run(fn, name)
        local t = threading.Thread { target = fn, name = name }
        t:start()
        t:join()
      end
    ]] .. program)
    assert.equal(0, r.code)
    return r.err, r.out
  end

  it("name the thread, with a traceback", function()
    local err, out = stderr_of [[
      local function inner() error "boom" end
      run(function() inner() end, "Worker")
      print "main goes on"
    ]]
    assert.matches("^Exception in thread Worker:\n[^\n]+: boom\n"
      .. "stack traceback:\n", err)
    assert.matches("in upvalue 'inner'", err)
    assert.equal("main goes on\n", out)
  end)

  it("threading.exit says nothing", function()
    assert.equal("", (stderr_of "run(threading.exit)"))
  end)

  it("a hook that fails is told, and the first error too", function()
    for _, hook in ipairs { "function() error 'bad hook' end", "nil", "5" } do
      local err = stderr_of("threading.excepthook = " .. hook .. [[

        run(function() error "the first" end, "Worker")
      ]])
      assert.matches("Exception in threading.excepthook:", err)
      assert.matches("the first", err)
    end
  end)

  it("the default hook restored says the same", function()
    local program = 'run(function() error("boom", 0) end, "Worker")\n'
    local err = stderr_of(program)
    local again = stderr_of([[
      threading.excepthook = print
      threading.excepthook = threading.__excepthook__
    ]] .. program)
    -- the chunk's name is that of a temporary file
    local function plain(s)
      return (s:gsub("[^%s<>]+:%d+", "FILE:LINE"))
    end
    assert.equal(plain(err), plain(again))
    assert.matches("boom", err)
  end)

  it("without a stderr a thread ends all the same", function()
    assert.equal("1 true\n", support.run([[
      local threading = require "threading"
      io.stderr = nil
      local t = threading.Thread { target = error, args = { "x" } }
      local weak = setmetatable({ [t] = true }, { __mode = "k" })
      t:start()
      t:join()
      t = nil
      collectgarbage()
      collectgarbage()
      print(threading.active_count() .. " " .. tostring(next(weak) == nil))
    ]]).out)
  end)

  it("error objects with __tostring are told by it", function()
    assert.matches("\nI am an error\n", (stderr_of [[
      run(function()
        error(setmetatable({}, { __tostring = function()
          return "I am an error"
        end }))
      end)
    ]]))
  end)

  it("of no thread bear the number of the one that calls the hook",
    function()
      local err = stderr_of [[
        run(function()
          print(threading.get_ident())
          threading.excepthook { value = "oh" }
        end)
        threading.excepthook { value = "oh" }
      ]]
      assert.matches("^Exception in thread %d+:\noh\n"
        .. "Exception in thread %d+:\noh\n$", err)
    end)

  it("do not change the exit status", function()
    assert.equal(0, support.run(
      'local threading = require "threading"\n'
      .. 'threading.Thread { target = error }:start()').code)
  end)
end)
