local support = require "spec.support"
local threading = require "threading"
local time = require "threading.time"

local BROKEN <const> = "^broken barrier"

-- What a wait came to: its index, or nil and the text of the error.
local function wait(barrier, ...)
  local ok, result = pcall(barrier.wait, barrier, ...)
  if ok then
    return result
  end
  return nil, (tostring(result):gsub("^[^\n]-:%d+: ", "", 1))
end

-- Starts n threads that wait, and notes what their waits come to.
local function start_waiters(barrier, n, ...)
  local results = {}
  local list = support.start_many(n, function(i, ...)
    results[i] = table.pack(wait(barrier, ...))
  end, ...)
  return list, results
end

local function assert_broken(results, n)
  assert.equal(n, #results)
  for _, result in ipairs(results) do
    assert.is_nil(result[1])
    assert.matches(BROKEN, result[2])
  end
end

-- A round of n waits, which must come to 0 .. n-1.
local function assert_round(barrier, n)
  local list, results = start_waiters(barrier, n)
  support.join(list)
  local indices = {}
  for i = 1, n do
    indices[i] = results[i][1]
  end
  table.sort(indices)
  for i = 1, n do
    assert.equal(i - 1, indices[i])
  end
end

describe("Barrier", function()
  it("holds threads in lockstep, round after round", function()
    local N <const>, ROUNDS <const> = 5, 10
    local barrier, rounds, ahead = threading.Barrier(N), {}, 0
    for i = 1, N do
      rounds[i] = 0
    end
    support.join(support.start_many(N, function(i)
      for round = 1, ROUNDS do
        rounds[i] = round
        barrier:wait()
        for j = 1, N do
          if rounds[j] < round then
            ahead = ahead + 1
          end
        end
        barrier:wait()
      end
    end))
    assert.equal(0, ahead)
    assert.equal(0, barrier.n_waiting)
    assert.is_false(barrier.broken)
    assert.equal(N, barrier.parties)
  end)

  it("gives each thread of a round its own index", function()
    for n = 1, 6 do
      local barrier = threading.Barrier(n)
      for _ = 1, 3 do
        assert_round(barrier, n)
      end
    end
  end)

  it("of one never waits", function()
    local barrier = threading.Barrier(1)
    for _ = 1, 3 do
      assert.equal(0, barrier:wait())
      assert.equal(0, barrier:wait(0))
    end
  end)

  it("the action runs once for each round, before anyone is released",
    function()
      local ran, late, arguments = 0, 0, 0
      local seen = threading.Barrier(4)
      local barrier = threading.Barrier(4, function(...)
        ran = ran + 1
        arguments = arguments + select("#", ...)
      end)
      support.join(support.start_many(4, function()
        for round = 1, 5 do
          barrier:wait()
          if ran ~= round then
            late = late + 1
          end
          seen:wait()
        end
      end))
      assert.equal(0, late)
      assert.equal(5, ran)
      assert.equal(0, arguments)
    end)

  it("an error in the action reaches the last, and breaks it for the others",
    function()
      local object = {}
      local barrier = threading.Barrier(3, function()
        error(object)
      end)
      local list, results = start_waiters(barrier, 2)
      support.wait_parked(2, "Barrier")
      local ok, err = pcall(barrier.wait, barrier)
      assert.is_false(ok)
      assert.equal(object, err)
      support.join(list)
      assert_broken(results, 2)
      assert.is_true(barrier.broken)
      assert.matches(BROKEN, select(2, wait(barrier)))
    end)

  it("abort breaks it for those who wait and those who come", function()
    local barrier = threading.Barrier(3)
    local list, results = start_waiters(barrier, 2)
    support.wait_parked(2, "Barrier")
    assert.equal(2, barrier.n_waiting)
    assert.equal(0, select("#", barrier:abort()))
    support.join(list)
    assert_broken(results, 2)
    assert.is_true(barrier.broken)
    assert.equal(0, barrier.n_waiting)
    assert.matches(BROKEN, select(2, wait(barrier, 0)))
  end)

  it("is whole again after abort and reset", function()
    local barrier = threading.Barrier(3)
    for _ = 1, 3 do
      barrier:abort()
      assert.is_true(barrier.broken)
      barrier:reset()
      assert.is_false(barrier.broken)
      assert_round(barrier, 3)
    end
  end)

  it("reset breaks the round of those who wait, not the next", function()
    local barrier = threading.Barrier(3)
    for _ = 1, 3 do
      local list, results = start_waiters(barrier, 2)
      support.wait_parked(2, "Barrier")
      assert.equal(0, select("#", barrier:reset()))
      assert.is_false(barrier.broken)
      assert.equal(0, barrier.n_waiting) -- though they have not run yet
      assert_round(barrier, 3)
      support.join(list)
      assert_broken(results, 2)
    end
  end)

  it("reset with nobody waiting changes nothing", function()
    local barrier = threading.Barrier(2)
    barrier:reset()
    assert.is_false(barrier.broken)
    assert_round(barrier, 2)
  end)

  it("a timeout breaks it for all, not before its time", function()
    local barrier = threading.Barrier(3)
    local list, results = start_waiters(barrier, 1)
    support.wait_parked(1, "Barrier")
    local start = time.monotonic()
    assert.matches(BROKEN, select(2, wait(barrier, 0.02)))
    assert.is_true(time.monotonic() - start >= 0.02)
    support.join(list)
    assert_broken(results, 1)
    assert.is_true(barrier.broken)
    assert.equal(0, barrier.n_waiting)
  end)

  it("wait(0) breaks it at once, unless the round is complete", function()
    local barrier = threading.Barrier(2)
    assert.matches(BROKEN, select(2, wait(barrier, 0)))
    assert.is_true(barrier.broken)
    barrier:reset()
    local list, results = start_waiters(barrier, 1)
    support.wait_parked(1, "Barrier")
    assert.equal(1, barrier:wait(0))
    support.join(list)
    assert.equal(0, results[1][1])
  end)

  it("has a timeout of its own, which a wait may replace", function()
    local barrier = threading.Barrier { parties = 2, timeout = 0.02 }
    local start = time.monotonic()
    assert.matches(BROKEN, select(2, wait(barrier)))
    assert.is_true(time.monotonic() - start >= 0.02)
    barrier:reset()
    local list, results = start_waiters(barrier, 1, support.PATIENCE)
    support.wait_parked(1, "Barrier")
    assert.is_false(barrier.broken)
    barrier:wait()
    support.join(list)
    assert.equal(0, results[1][1])
    local lasting = threading.Barrier(2, nil, support.PATIENCE)
    start = time.monotonic()
    assert.matches(BROKEN, select(2, wait(lasting, 0.001)))
    assert.is_true(time.monotonic() - start < support.PATIENCE)
  end)

  it("who comes while the action runs belongs to the next round", function()
    local running, let_go, runs = false, false, 0
    local barrier = threading.Barrier(2, function()
      runs = runs + 1
      running = true
      support.wait_until(function()
        return let_go
      end)
    end)
    local first, first_results = start_waiters(barrier, 2)
    support.wait_until(function()
      return running
    end)
    local second, second_results = start_waiters(barrier, 2)
    support.wait_parked(3, "Barrier")
    assert.same({}, first_results)
    assert.equal(1, runs)
    let_go = true
    support.join(first)
    support.join(second)
    assert.equal(2, runs)
    for _, results in ipairs { first_results, second_results } do
      assert.equal(1, results[1][1] + results[2][1])
    end
  end)

  it("abort and reset while the action runs break its round alone",
    function()
      for _, method in ipairs { "abort", "reset" } do
        local running, let_go = false, false
        local barrier = threading.Barrier(2, function()
          running = true
          support.wait_until(function()
            return let_go
          end)
        end)
        local list, results = start_waiters(barrier, 2)
        support.wait_until(function()
          return running
        end)
        barrier[method](barrier)
        let_go = true
        support.join(list)
        assert_broken(results, 2)
        assert.equal(method == "abort", barrier.broken)
        barrier:reset()
        assert_round(barrier, 2)
      end
    end)

  it("an action that was overtaken by a reset does not touch the next round",
    function()
      for _, fails in ipairs { false, true } do
        local runs, let_go = 0, {}
        local barrier = threading.Barrier(1, function()
          runs = runs + 1
          local me = runs
          support.wait_until(function()
            return let_go[me]
          end)
          if fails and me == 1 then
            error("action", 0)
          end
        end)
        local function start(n)
          local list, results = start_waiters(barrier, 1)
          support.wait_until(function()
            return runs == n
          end)
          return list, results
        end
        local first, first_results = start(1)
        barrier:reset()
        local second, second_results = start(2)
        let_go[1] = true
        support.join(first)
        assert.matches(fails and "^action$" or BROKEN, first_results[1][2])
        assert.same({}, second_results)
        assert.is_false(barrier.broken)
        let_go[2] = true
        support.join(second)
        assert.equal(0, second_results[1][1])
      end
    end)

  it("n_waiting is parties while the action runs", function()
    for _, parties in ipairs { 1, 3 } do
      local seen
      local barrier
      barrier = threading.Barrier(parties, function()
        seen = { barrier.n_waiting, tostring(barrier) }
      end)
      local list = start_waiters(barrier, parties - 1)
      barrier:wait()
      support.join(list)
      assert.equal(parties, seen[1])
      assert.matches(("waiters=%d/%d>$"):format(parties, parties), seen[2])
      assert.equal(0, barrier.n_waiting)
    end
  end)

  it("n_waiting is 0 where the action has reset it", function()
    local seen
    local barrier
    barrier = threading.Barrier(1, function()
      barrier:reset()
      seen = barrier.n_waiting
    end)
    assert.equal("broken barrier", support.message(barrier.wait, barrier))
    assert.equal(0, seen)
  end)

  it("n_waiting and tostring tell how many wait", function()
    local barrier = threading.Barrier(3)
    local function text(rest)
      return "^<threading%.Barrier at 0x%x+: " .. rest .. ">$"
    end
    assert.matches(text "waiters=0/3", tostring(barrier))
    local list = start_waiters(barrier, 2)
    support.wait_parked(2, "Barrier")
    assert.equal(2, barrier.n_waiting)
    assert.matches(text "waiters=2/3", tostring(barrier))
    barrier:wait()
    support.join(list)
    assert.equal(0, barrier.n_waiting)
    assert.matches(text "waiters=0/3", tostring(barrier))
    barrier:abort()
    assert.matches(text "broken", tostring(barrier))
  end)

  it("parties is at least one; the action is callable", function()
    for _, bad in ipairs { 0, -1, math.mininteger } do
      assert.matches("parties: must be at least 1",
        support.message(threading.Barrier, bad), 1, true)
    end
    assert.matches("parties: integer expected",
      support.message(threading.Barrier), 1, true)
    assert.matches("action: callable expected",
      support.message(threading.Barrier, 2, 1), 1, true)
    assert.matches("timeout: must not be NaN",
      support.message(threading.Barrier, 2, nil, 0 / 0), 1, true)
    local barrier = threading.Barrier(2)
    assert.matches("timeout: must not be NaN",
      support.message(barrier.wait, barrier, 0 / 0), 1, true)
    assert.is_false(barrier.broken)
    assert.equal(0, barrier.n_waiting)
  end)

  it("its fields cannot be set", function()
    local barrier = threading.Barrier(2)
    for _, field in ipairs { "parties", "n_waiting", "broken", "other" } do
      assert.is_false(pcall(function()
        barrier[field] = 1
      end))
    end
    assert.is_nil(barrier.other)
  end)

  it("a waiter that is interrupted breaks it", function()
    local barrier = threading.Barrier(3)
    local list, results = start_waiters(barrier, 1)
    support.wait_parked(1, "Barrier")
    local t = support.start(function()
      support.wait_thread_parked(threading.main_thread(), "Barrier")
      threading.interrupt_main()
    end)
    assert.equal("interrupted!", select(2, wait(barrier)))
    support.join(t)
    support.join(list)
    assert_broken(results, 1)
    assert.is_true(barrier.broken)
  end)
end)
