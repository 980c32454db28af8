-- A stack of numbered nodes, whose top is exchanged if it is what it was. It
-- may be the same again although the node below is another: with a count of the
-- changes beside the number it is not.
local threading = require "threading"
local support = require "spec.explore.support"

local COUNT <const> = 1000

local function program(counts)
  local below = { [1] = 2, [2] = 3, [3] = 0 }
  local top = threading.Value("int64", 1)
  local taken = {}

  local function replace(old, node)
    local count = counts and old // COUNT + 1 or 0
    return top:compare_exchange(old, count * COUNT + node)
  end

  local function pop()
    while true do
      local old = top.value
      local node = old % COUNT
      if node == 0 then
        return 0
      elseif replace(old, below[node]) then
        return node
      end
    end
  end

  local function push(node)
    repeat
      local old = top.value
      below[node] = old % COUNT
    until replace(old, node)
  end

  local function take()
    local node = pop()
    assert(not taken[node] or node == 0, "a node belongs to two")
    taken[node] = true
    return node
  end

  support.together(take, function()
    local one = take()
    take()
    if one ~= 0 then
      taken[one] = nil
      push(one)
    end
  end)
  for _ = 1, 3 do
    take()
  end
end

return {
  name = "ABA of a stack", prototype = 23,
  wrong = function() program(false) end,
  right = function() program(true) end,
}
