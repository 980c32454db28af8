-- The hostile build: see csrc/os/fault.h. In an ordinary build this file has
-- some specs run in a hostile one.

local _thread = require "threading._thread"
local compiler = require "spec.support.compiler"
local files = require "spec.support.files"
local support = require "spec.support"
local threading = require "threading"
local time = require "threading.time"
local waits = require "spec.support.waits"

local testing = _thread._testing

if not testing then
  describe("in the hostile build", function()
    it("a part of the specs passes", function()
      local log = os.tmpname()
      local ok = os.execute("HOSTILE_FEW=1 tools/hostile 1 -- " ..
        "spec/hostile_spec.lua " ..
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

describe("at each of its chances to fail", function()
  -- Runs source, which has %d for the chance, and those that follow, until it
  -- raises "done", in a Lua state of its own; nothing may be left of that.
  local rounds = [[
    local testing = require "threading._thread"._testing
    local execute = require "threading.os".execute

    -- Programs that nobody waits for are remembered until they have ended:
    -- whoever starts another looks.
    local function count(things)
      for _ = 1, 1000 do
        if testing.held() == things then break end
        execute ":"
      end
      return testing.held(), testing.descriptors()
    end

    function in_state(what, source)
      local things, descriptors = testing.held(), testing.descriptors()
      local err = testing.in_state(source)
      local things_now, descriptors_now = count(things)
      if err and not err:find "done$" then
        print(what, err)
      elseif things_now ~= things then
        print(what, things_now - things .. " things are left")
      elseif descriptors_now ~= descriptors then
        print(what, descriptors_now - descriptors .. " descriptors are left")
      end
      return err
    end
  ]]

  -- For spec/support/hostile/kernels.lua and compiled.lua. The true one may
  -- know no such option.
  local script = [[
case " $* " in
  *" -march=native "*) exit 1 ;;
  *" -dM "*) echo "#define NOTHING"; exit ;;
esac
for word in "$@"; do
  [ "$last" = -o ] && output=$word
  [ "$last" = -MF ] && rule=$word
  last=$word
done
made=${0%/*}/made
if [ ! -f "$made.so" ]; then
  ${CC:-gcc} "$@"
  cp "$output" "$made.so"
  sed 's/[^ ]*kernel\.c//' "$rule" >"$made.d"
fi
cp "$made.so" "$output"
cp "$made.d" "$rule"
]]

  local takes_some = support.is_instrumented() or os.getenv "HOSTILE_FEW"
  local cpath, dir, environment = package.cpath, nil, nil

  setup(function()
    dir = files.folder()
    compiler.module("spec/support/outside.c", dir, "-Icsrc/include -pthread")
    compiler.module("spec/support/forker.c", dir)
    package.cpath = dir .. "/?.so;" .. cpath
    files.shell("mkdir %s/compiled", dir)
    files.write(dir .. "/cc", script)
    files.write(dir .. "/compiled/cc", script)
    environment = ("export XDG_CACHE_HOME=%s HOSTILE_COMPILER='sh %s/cc' "
      .. "HOSTILE_COMPILED='sh %s/compiled/cc'"):format(dir, dir, dir)
  end)

  teardown(function()
    package.cpath = cpath
    os.execute("rm -r " .. dir)
  end)

  for kind, title in pairs {
    memory = "memory", call = "what the system gives",
  } do
    it("every operation is done or undone, for want of " .. title, function()
      local r = support.run(rounds .. ([[
        local names = {}
        for name in pairs(require "spec.support.hostile".cases) do
          names[#names + 1] = name
        end
        table.sort(names)
        assert(#names > 40)
        local program = "require 'spec.support.hostile'.run(%%q, '%s', %%s)"
        for _, everywhere in ipairs { false, true } do
          for _, name in ipairs(names) do
            in_state(name, program:format(name, everywhere))
          end
        end
        print "end"
      ]]):format(kind), { before = environment })
      assert.equal("end\n", r.out, r.err)
      assert.equal(0, r.code, r.err)
      assert.equal("", files.shell("ls -d %s/threading/making-* 2>/dev/null",
        dir)) -- no folder of a kernel's is left
    end)

    it("a child of a fork is whole, for want of " .. title, function()
      assert.matches("^[7 ]*8\n$", support.output_of(([[
        local forker = require "forker"
        local threading = require "threading"
        local time = require "threading.time"
        local testing = require "threading._thread"._testing

        local function is_whole()
          local lock, woke = threading.Lock(), false
          lock:acquire()
          local t = threading.Thread { target = function()
            lock:acquire()
            woke = true
          end }
          t:start()
          time.sleep(0.001)
          lock:release()
          return t:join() and woke
        end

        local codes, n = {}, 0
        repeat
          n = n + 1
          local reached, _, pid = testing.attempt(%q, n, n, forker.fork)
          if pid == 0 then
            forker.exit(not is_whole() and 1 or reached and 7 or 8)
          end
          codes[n] = forker.wait(pid)
        until codes[n] ~= 7
        print(table.concat(codes, " "))
      ]]):format(kind), { seconds = 60 }))
    end)

    it("require succeeds the next time, for want of " .. title, function()
      local r = support.run(rounds .. ([[
        local source, dense = %q, %d -- every chance up to it, then some
        for _, more in ipairs { 0, 1 << 40 } do
          local n, err = 1
          repeat
            err = in_state("chance " .. n, source:format(n, n + more))
            n = n < dense and n + 1
              or n == dense and n + 1 + os.time() %% 11
              or n + 11
          until err
        end
        print "end"
      ]]):format(([[
        local _ = ("x"):rep(1 << 14) -- see spec/support/hostile.lua
        local reached = testing.attempt(%q, %%d, %%d, require, "threading")
        assert(reached, "done")
        local threading = require "threading"
        local lock, n = threading.Lock(), 0
        local t = threading.Thread { target = coroutine.wrap(function()
          lock:with(function()
            n = n + 1
          end)
        end) }
        t:start()
        assert(t:join() and n == 1)
      ]]):format(kind), takes_some and 50 or 500))
      assert.equal("end\n", r.out, r.err) -- Lua 5.5 warns
      assert.equal(0, r.code, r.err)
    end)
  end
end)

describe("a Lua state that is closed under a wait", function()
  -- The programs would outlive the state.
  for name in waits.each(function(it) return not it.program end) do
    it("leaves nothing behind: " .. name, function()
      local before = testing.held()
      local err = testing.in_state(([[
        local _thread = require "threading._thread"
        local threading = require "threading"
        local time = require "threading.time"
        local wait = require "spec.support.waits".list[%q]
        for _ = 1, 3 do
          local object, more = wait.make()
          local t = threading.Thread { daemon = true, target = function()
            wait.call(object, nil, more)
          end }
          t:start()
          while not _thread._parked()[t.ident] do
            time.sleep(0)
          end
        end
      ]]):format(name))
      assert.is_nil(err)
      assert.equal(before, testing.held())
    end)
  end
end)

describe("the clock of timeouts", function()
  before_each(testing.stop_clock)
  after_each(testing.start_clock)

  it("stands still until it is told", function()
    local before, woke = time.monotonic(), nil
    local t = support.start(function()
      time.sleep(3600)
      woke = time.monotonic()
    end)
    support.wait_thread_parked(t, "sleep")
    assert.equal(before, time.monotonic())
    testing.advance(3599.5)
    assert.equal("sleep", _thread._parked()[t.ident])
    testing.advance(0.5)
    support.join(t)
    assert.near(3600, woke - before, 1e-6)
  end)

  it("goes on to the next deadline", function()
    local lock, got = threading.Lock(), nil
    lock:acquire()
    local t = support.start(function()
      got = lock:acquire(true, 60)
    end)
    support.wait_thread_parked(t, "Lock")
    local left = support.wait_until(testing.next_deadline)
    assert.near(60, left, 1e-6)
    assert.is_nil(got)
    testing.advance(left)
    support.join(t)
    assert.is_false(got)
  end)

  it("lets timers come in their order", function()
    local called = {}
    local function timer(seconds)
      local t = threading.Timer(seconds, table.insert, { called, seconds })
      t:start()
      support.wait_thread_parked(t, "Event")
      return t
    end
    local late, early = timer(7200), timer(3600)
    testing.advance(3600)
    support.join(early)
    testing.advance(3600)
    support.join(late)
    assert.same({ 3600, 7200 }, called)
  end)
end)
