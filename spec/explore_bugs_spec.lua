-- The classic bugs of spec/explore are found, and the same programs without
-- them pass. Seeds are fixed, so that a search is the same each time; how many
-- schedules each takes is told in docs/testing.md.

local bugs = require "spec.explore"
local explore = require "threading.explore"
local schedule = require "threading.explore.schedule"

local SEEDS <const> = 20

local function median(list)
  table.sort(list)
  return (list[SEEDS // 2] + list[SEEDS // 2 + 1]) / 2
end

local function tried(program)
  local list = {}
  for seed = 1, SEEDS do
    local r = explore.run(program, { seed = seed, shrink = false })
    assert.is_false(r.ok)
    list[seed] = r.tried
  end
  return median(list)
end

describe("explore finds within twice the prototype's schedules", function()
  for _, bug in ipairs(bugs) do
    it(bug.name, function()
      local n = tried(bug.wrong)
      assert(n <= 2 * bug.prototype, ("%g schedules"):format(n))
    end)
  end
end)

describe("explore finds nothing wrong with the right program of", function()
  for _, bug in ipairs(bugs) do
    it(bug.name, function()
      local r = explore.run(bug.right, { schedules = 300 })
      assert(r.ok, r.report)
    end)
  end
end)

describe("explore replays each schedule exactly:", function()
  local o = { seed = 1, max_steps = 20000, ignore = {} }

  local function check(program)
    for seed = 1, 5 do
      for _, strategy in ipairs { "sticky", "random", "pct" } do
        local one = schedule.run(program, o, { strategy = strategy,
          seed = seed, depth = 3, length = 100 })
        local other = schedule.run(program, o, { strategy = "replay",
          plan = one.segments })
        assert.equal(one.hash, other.hash)
        assert.same(one.segments, other.segments)
        assert.equal(one.failure and one.failure.kind,
          other.failure and other.failure.kind)
        assert.is_nil(other.strayed)
      end
    end
  end

  local unpin
  setup(function()
    unpin = schedule.pin()
  end)
  teardown(function()
    unpin()
  end)

  for _, bug in ipairs(bugs) do
    it(bug.name, function()
      check(bug.wrong)
      check(bug.right)
    end)
  end
end)

describe("explore makes small", function()
  for _, bug in ipairs(bugs) do
    it(bug.name, function()
      local r = explore.run(bug.wrong)
      assert(r.preemptions <= 3, r.report)
      local again = explore.run(bug.wrong, { replay = r.replay })
      assert.equal(r.failure.kind, again.failure.kind)
      assert.equal(r.hash, again.hash)
      assert.is_nil(again.differs)
    end)
  end
end)
