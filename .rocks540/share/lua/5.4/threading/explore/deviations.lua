-- Schedules that differ from the default one at a few points: which ones there
-- are is known from the points that earlier schedules came to.
--
-- The default: a thread goes on until it waits or ends. A deviation is a point
-- and the thread that goes on there instead; where the one that came there
-- could have gone on, it is a preemption.

local standard = require "threading.private.standard"
local math, table = standard.math, standard.table
local ipairs = ipairs

local deviations = {}

-- In C's alternatives: pairs of a point and bits, see csrc/explore/trail.h.
local MOST <const> = 62 -- threads that they tell apart
local FRESH <const> = 1 << 62

-- The thread that has come to a point, for points in rising order.
local function arrivals(segments)
  local at, last = -1, 0
  return function(point)
    while last < point do
      at = at + 2
      last = last + segments[at + 1]
    end
    return segments[at]
  end
end

-- Deviations in three lists: of other threads than the one that explores, where
-- a line begins; within lines; its own.
local function sort(result)
  local lists, whose = { {}, {}, {} }, arrivals(result.segments)
  local alternatives = result.alternatives
  for i = 1, #alternatives, 2 do
    local point, bits = alternatives[i], alternatives[i + 1]
    local class = whose(point) == 1 and 3 or bits & FRESH ~= 0 and 1 or 2
    for thread = 1, MOST do
      if bits & 1 << (thread - 1) ~= 0 then
        table.insert(lists[class], { point, thread })
      end
    end
  end
  return lists
end

-- A sequence that looks random and depends on the seed alone: xorshift.
local function shuffle(list, seed)
  local x = seed ~ 0x2545f4914f6cdd1d
  x = x == 0 and 1 or x
  for i = #list, 2, -1 do
    x = x ~ (x << 13)
    x = x ~ (x >> 7)
    x = x ~ (x << 17)
    local j = math.tointeger((x >> 1) % i) + 1
    list[i], list[j] = list[j], list[i]
  end
end

-- @tparam table result of the default schedule
-- @tparam integer seed for the order
-- @treturn function that returns how the next schedule with one deviation is
-- chosen, or nil
-- @treturn integer at how many points there are deviations
function deviations.once(result, seed)
  local all, at = {}, 0
  for _, list in ipairs(sort(result)) do
    shuffle(list, seed)
    table.move(list, 1, #list, #all + 1, all)
  end
  return function()
    at = at + 1
    return all[at] and { strategy = "default", plan = all[at] }
  end, #result.alternatives // 2
end

-- A plan with one deviation more: pairs, as C wants them.
local function extend(plan, point, thread)
  local longer = {}
  for i = 1, #plan do
    longer[i] = plan[i]
  end
  longer[#plan + 1], longer[#plan + 2] = point, thread
  return longer
end

-- The next deviation of a branch, or nil. A branch is a plan that was tried,
-- with the alternatives that it met: those that are preemptions, or the others.
local function advance(branch)
  local list = branch.alternatives
  while branch.at < #list do
    local point, bits = list[branch.at], list[branch.at + 1]
    if point > branch.after and (bits < 0) == branch.preempts then
      for thread = branch.thread, MOST do
        if bits & 1 << (thread - 1) ~= 0 then
          branch.thread = thread + 1
          return extend(branch.plan, point, thread)
        end
      end
    end
    branch.at, branch.thread = branch.at + 2, 1
  end
  return nil
end

-- All schedules with at most `bound` preemptions, those with few first: each
-- schedule that was tried is deviated from after its last deviation.
-- @treturn table `next(alternatives)`, with those of the last schedule: how the
-- next one is chosen, or nil; `is_done()`
function deviations.all(bound)
  local self, cost, plan = {}, 0, {}
  local branches = {} -- by the preemptions of what they lead to: lists
  for c = 0, bound do
    branches[c] = {}
  end

  local function branch_off(alternatives)
    for _, preempts in ipairs { false, true } do
      local list = branches[preempts and cost + 1 or cost]
      if list then
        list[#list + 1] = { plan = plan, alternatives = alternatives, at = 1,
          thread = 1, after = plan[#plan - 1] or 0, preempts = preempts }
      end
    end
  end

  local function choose()
    while cost <= bound do
      local list = branches[cost]
      local found = list[#list] and advance(list[#list])
      if found then
        return found
      elseif #list > 0 then
        list[#list] = nil
      else
        cost = cost + 1
      end
    end
    return nil
  end

  function self.next(alternatives)
    branch_off(alternatives)
    plan = choose()
    return plan and { strategy = "default", plan = plan, alternatives = true }
  end

  function self.is_done()
    return plan == nil
  end

  return self
end

return deviations
