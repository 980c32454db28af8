-- A C library calls back on a lua_State that another thread runs: the global
-- lock must not be let go there (support/callback.c does what luv does).

local _thread = require "threading._thread"
local compiler = require "spec.support.compiler"
local support = require "spec.support"
local threading = require "threading"
local time = require "threading.time"
local waits = require "spec.support.waits"

local function refusal(name)
  return "called back in the Lua state of " .. name .. ": load the library "
    .. "in the thread that runs its loop"
end

describe("A callback", function()
  local callback, unload

  setup(function()
    local _
    callback, _, unload = compiler.load("spec/support/callback.c",
      ("-Wall -Wextra -Werror -I'%s'"):format(
        assert(threading.include_dir())))
  end)

  teardown(function()
    unload()
  end)

  -- The text of the error of fn, called back on this thread's state in another
  -- thread, while this one waits; nil if there is none.
  local function called_back(fn)
    callback.keep(fn)
    local main, ok, err = threading.get_ident()
    support.join(support.start(function()
      support.wait_thread_parked(main)
      ok, err = callback.call()
    end))
    return not ok and err:gsub("^[^\n]-:%d+: ", "", 1) or nil
  end

  local name = threading.current_thread().name

  describe("in another thread's state", function()
    local event, lock = threading.Event(), threading.Lock()
    local none = threading.Semaphore(0)
    local condition = threading.Condition()
    local barrier = threading.Barrier(2)
    local queue = require "threading.queue".Queue()
    local kernel

    local others = {
      ["time.sleep, a moment"] = function() time.sleep(0) end,
      ["Semaphore:acquire with a timeout"] = function()
        none:acquire(true, 1)
      end,
      ["shutdown"] = function() threading.shutdown() end,
      ["a kernel"] = function() kernel.nothing() end,
      ["threading_check"] = function() callback.check() end,
    }

    setup(function()
      kernel = threading.kernel "void nothing(void) {}"
    end)

    for what, wait in waits.each(function(it) return not it.program end) do
      it("raises where it would wait: " .. what, function()
        local object, more, tidy_up = waits.make_elsewhere(wait)
        local text = called_back(function()
          wait.call(object, nil, more)
        end)
        assert.equal(refusal(name), text:match "called back in .*")
        tidy_up()
      end)
    end

    for what, wait in pairs(others) do
      it("raises where it would wait: " .. what, function()
        assert.equal(refusal(name), called_back(wait))
      end)
    end

    it("leaves what would have waited as it was", function()
      called_back(function()
        local _ <close> = condition:guard()
        condition:wait()
      end)
      called_back(function() barrier:wait() end)
      assert.is_true(condition:acquire(false))
      condition:release()
      assert.equal(0, barrier.n_waiting)
      assert.is_false(barrier.broken)
    end)

    it("does all that does not wait", function()
      local woken
      assert.is_nil(called_back(function()
        lock:acquire()
        lock:release()
        queue:put(1)
        woken = queue:get()
        coroutine.wrap(function() woken = woken + 1 end)()
      end))
      assert.equal(2, woken)
    end)

    it("is not switched away from, nor in a mere look", function()
      local go, before, after, done = threading.Event(), nil, nil, false
      local rival = support.start(function()
        go:wait()
        return support.spin_until(function() return done end)
      end)
      local _ <close> = support.switch_often()
      assert.is_nil(called_back(function()
        before = _thread._switches()
        go:set()
        for _ = 1, 20000 do
          coroutine.wrap(function() end)()
          none:acquire(false)
          event:wait(0)
        end
        after = _thread._switches()
        done = true
      end))
      support.join(rival)
      assert.equal(before, after)
    end)

    it("keeps the lock between BEGIN and END, and its C hears of that",
      function()
        local out, stopping, result
        assert.is_nil(called_back(function()
          out, stopping = callback.bracket()
          result = callback.wait(threading.Event())
        end))
        assert.same({ false, true, -1 }, { out, stopping, result })
        assert.same({ true, false }, { callback.bracket() })
      end)

    it("raises in a coroutine, too, and in one inside of that", function()
      local function wait() event:wait() end
      assert.equal(refusal(name), called_back(function()
        coroutine.wrap(function()
          assert(pcall(coroutine.wrap(function() end)))
          coroutine.wrap(wait)()
        end)()
      end):gsub("^.*%d: ", ""))
      assert.is_nil(called_back(function() end))
    end)
  end)

  it("in another thread's coroutine, in one below, in one of C's", function()
    local function try(enter)
      local kept = threading.Event()
      local go = threading.Event()
      local t = threading.Thread { name = "owner", target = function()
        enter(function()
          callback.keep(function() time.sleep(0) end)
        end, function()
          kept:set()
          go:wait()
        end)
      end }
      t:start()
      kept:wait()
      support.wait_thread_parked(t, "Event")
      local ok, err = callback.call()
      go:set()
      support.join(t)
      assert.is_false(ok)
      return (err:gsub("^[^\n]-:%d+: ", "", 1))
    end
    assert.equal(refusal "owner", try(function(keep, wait)
      coroutine.wrap(function() keep() wait() end)()
    end))
    assert.equal(refusal "owner", try(function(keep, wait)
      coroutine.wrap(function() keep() coroutine.wrap(wait)() end)()
    end))
    assert.equal(refusal "owner", try(function(keep, wait)
      callback.resume(function() keep() wait() end)
    end))
    assert.equal(refusal "owner", try(function(keep, wait)
      callback.resume(function() keep() coroutine.wrap(wait)() end)
    end))
    assert.equal(refusal "owner", try(function(keep, wait)
      keep()
      callback.resume(wait)
    end))
  end)

  describe("of a thread's own may wait", function()
    it("in its state, beside a coroutine", function()
      support.in_thread(function()
        callback.keep(function() time.sleep(0) end)
        assert(callback.call())
        coroutine.wrap(function() assert(callback.call()) end)()
        callback.resume(function() assert(callback.call()) end)
      end)
    end)

    it("in coroutines that C resumes, in one thread after another", function()
      local co, n = nil, 0
      local function step()
        time.sleep(0)
        n = n + 1
      end
      callback.resume(function()
        co = coroutine.running()
        repeat
          step()
          coroutine.yield()
        until n == 4
      end)
      for _ = 1, 3 do
        support.in_thread(function()
          callback.go_on(co)
          time.sleep(0)
          assert.same({ true, false }, { callback.bracket() })
        end)
        step()
      end
      assert.equal(7, n)
    end)
  end)

  it("of luv's", function()
    if not package.searchpath("luv", package.cpath) then
      pending "no luv"
      return
    end
    local program = [[
local uv, threading = require "luv", require "threading"
local time, n = require "threading.time", 0
local function run()
  local timer = uv.new_timer()
  timer:start(1, 1, function()
    n = n + 1
    time.sleep(0)
    if n == 20 then timer:stop() timer:close() end
  end)
  uv.run()
  print(n)
end
local function f(d) if d > 0 then return 1 + f(d - 1) end return 0 end
]]
    local elsewhere = support.run(program .. [[
local t = threading.Thread { target = run }
t:start()
while t:is_alive() do assert(f(20) == 20) end
]])
    assert.matches(refusal "MainThread", elsewhere.err, 1, true)
    assert.equal("20\n", support.output_of(program .. [[
local t = threading.Thread { target = function()
  while n < 20 do assert(f(20) == 20) end
end }
t:start()
run()
]]))
  end)
end)
