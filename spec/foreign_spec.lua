local compiler = require "spec.support.compiler"
local support = require "spec.support"

-- C code that knows nothing of threads (support/foreign.c), beside others that
-- want the lock that it holds.

local foreign, dir, unload

local function load_foreign()
  foreign, dir, unload = compiler.load("spec/support/foreign.c",
    "-Wall -Wextra -Werror")
end

local function unload_foreign()
  unload()
end

describe("C code that sleeps under the lock", function()
  setup(load_foreign)
  teardown(unload_foreign)

  local function in_coroutine(fn)
    return coroutine.wrap(fn)()
  end

  local places = {
    ["the main thread"] = pcall,
    ["a thread"] = support.in_thread,
    ["a coroutine of a thread"] = function(fn)
      support.in_thread(in_coroutine, fn)
    end,
  }

  -- Calls fn in this place beside so many threads that compute, until it
  -- returns; then go_on() is false.
  local function beside(run, n, compute, fn)
    local over = false
    local list = support.start_many(n, compute, function()
      return not over
    end)
    run(fn)
    over = true
    support.join(list)
  end

  -- A signal that was sent just before the sleep began may end it.
  -- ThreadSanitizer holds signals back until then.
  local TIMES <const> = 12
  local RARELY <const> = support.is_instrumented "thread" and TIMES or 2

  for place, run in pairs(places) do
    for _, n in ipairs { 1, 30 } do
      it(("sleeps to the end in %s beside %d"):format(place, n), function()
        local cut, done = 0, 0
        beside(run, n, function(_, go_on)
          while go_on() do
            -- nothing
          end
        end, function()
          for i = 1, TIMES do
            local slept = (i % 2 == 0 and foreign.poll or foreign.sleep)(8)
            cut = cut + (slept and 0 or 1)
            done = i
          end
        end)
        assert.equal(TIMES, done)
        assert.is_true(cut <= RARELY, cut)
      end)
    end

    -- It is not cut short for them: they come when it is over. On a busy
    -- machine they may come late, after many sleeps; and a thread that is found
    -- in one sleep after the other is signalled in the end. Were all signalled,
    -- all would be cut.
    it("lets others run between its sleeps in " .. place, function()
      local turns, cut, sleeps = 0, 0, 0
      local _ <close> = support.switch_often()
      local function sleep_until_others_run()
        local before = turns
        return support.spin_until(function()
          cut = cut + (foreign.sleep(1) and 0 or 1)
          sleeps = sleeps + 1
          return turns ~= before
        end)
      end
      local done = 0
      beside(run, 2, function(_, go_on)
        while go_on() do
          turns = turns + 1
        end
      end, function()
        sleep_until_others_run() -- now it is known to sleep
        cut, sleeps = 0, 0
        for i = 1, 12 do
          assert(sleep_until_others_run())
          done = i
        end
      end)
      assert.equal(12, done)
      assert.is_true(cut <= RARELY + sleeps // 4,
        ("%d of %d cut"):format(cut, sleeps))
    end)
  end
end)

describe("C code that takes the preemption signal", function()
  setup(load_foreign)
  teardown(unload_foreign)

  -- Of a program that has `foreign`, in which turn() lets another thread run
  -- while this one computes.
  local function output_of(program)
    return support.output_of(("package.cpath = '%s/?.so;' .. package.cpath\n")
      :format(dir) .. [[
      local foreign = require "foreign"
      local threading = require "threading"
      threading.setswitchinterval(0.0005)
      local function turn()
        local over = false
        local t = threading.Thread { target = function() over = true end }
        t:start()
        local n = 0
        while not over and n < 3000000000 do -- calls would do without signals
          n = n + 1
        end
        if not over then
          print "the other thread does not run"
          os.exit(1)
        end
        t:join()
      end
      turn()
      ]] .. program)
  end

  for _, way in ipairs { "ignored", "default" } do
    it("loses it again: " .. way, function()
      assert.equal("right\n", output_of(([[
        for _ = 1, 3 do
          foreign.take "%s"
          turn()
          turn()
        end
        print "right"
      ]]):format(way)))
    end)
  end

  -- Calls turn() until the handler of foreign.c was called once more.
  local hear <const> = [[
    local function hear()
      local heard = foreign.heard()
      repeat
        turn()
      until foreign.heard() > heard
    end
  ]]

  for _, way in ipairs { "handled", "informed" } do
    it("gets it, too: " .. way, function()
      assert.equal("right\n", output_of(hear .. ([[
        for _ = 1, 20 do
          foreign.take "%s"
          turn()
          hear()
        end
        print "right"
      ]]):format(way)))
    end)
  end

  it("gets it first where it passes it on", function()
    assert.equal("right\n", output_of(hear .. [[
      foreign.pass_on(true)
      foreign.take "passed on"
      hear()
      hear()
      print "right"
    ]]))
  end)

  it("may call the handler that calls it", function()
    assert.equal("right\n", output_of(hear .. [[
      foreign.pass_on(false)
      foreign.take "passed on"
      turn() -- and the library's lies over it
      foreign.pass_on(true)
      hear()
      hear()
      print "right"
    ]]))
  end)

  -- Where there are many, they have no descriptor that would wake them.
  it("leaves asleep none of many who watch a descriptor", function()
    assert.equal("right\n", output_of [[
      local io = require "threading.io"
      local pipe <close> = require "io".popen "echo $$; exec sleep 1000"
      local pid = pipe:read()
      local list = {}
      for i = 1, 300 do
        list[i] = threading.Thread { target = function()
          pcall(io.wait_fd, pipe, "r")
        end }
        list[i]:start()
      end
      local function waiting()
        local n = 0
        for _ in pairs(require "threading._thread"._parked()) do
          n = n + 1
        end
        return n
      end
      while waiting() < 300 do
        require "threading.time".sleep(0)
      end
      foreign.take "ignored"
      for _, t in ipairs(list) do
        t:cancel()
      end
      for _, t in ipairs(list) do
        assert(t:join(30), "it sleeps on")
      end
      os.execute("kill " .. pid)
      print "right"
    ]])
  end)
end)
