local compiler = require "spec.support.compiler"
local files = require "spec.support.files"
local support = require "spec.support"

-- C code that knows nothing of threads (support/foreign.c), beside others that
-- want the lock that it holds.

describe("C code that sleeps under the lock", function()
  local dir, cpath, foreign

  setup(function()
    dir = files.folder()
    cpath = package.cpath
    compiler.module("spec/support/foreign.c", dir, "-Wall -Wextra -Werror")
    package.cpath = dir .. "/?.so;" .. cpath
    foreign = require "foreign"
  end)

  teardown(function()
    package.cpath = cpath
    package.loaded.foreign = nil
    os.execute("rm -r " .. dir)
  end)

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
  local TIMES <const>, RARELY <const> = 12, 2

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

    -- It is not cut short for them: they come when it is over.
    it("lets others run between its sleeps in " .. place, function()
      local turns, cut = 0, 0
      local _ <close> = support.switch_often()
      local function sleep_until_others_run()
        local before = turns
        return support.spin_until(function()
          cut = cut + (foreign.sleep(1) and 0 or 1)
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
        cut = 0
        for i = 1, 12 do
          assert(sleep_until_others_run())
          done = i
        end
      end)
      assert.equal(12, done)
      assert.is_true(cut <= RARELY, cut)
    end)
  end
end)
