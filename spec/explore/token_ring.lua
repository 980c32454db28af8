-- Each member of a ring takes over its neighbour's token and marks itself as
-- served. Without turns a token may be taken over before the neighbour has its
-- own; who looks when all are served sees tokens that differ.
local threading = require "threading"
local support = require "spec.explore.support"

local function program(in_turn)
  local token, served = { 1, 2, 3 }, {}
  local turns = { threading.Event(), threading.Event(), threading.Event() }
  local function member(i, from)
    return function()
      if in_turn and i > 1 then
        turns[from]:wait()
      end
      token[i] = i == 1 and 7 or token[from]
      served[i] = true
      turns[i]:set()
    end
  end
  local function check()
    if served[1] and served[2] and served[3] then
      assert(token[1] == token[2] and token[2] == token[3])
    end
  end
  support.together(member(1, 3), member(2, 1), member(3, 2), check)
end

return {
  name = "token ring", prototype = 48,
  wrong = function() program(false) end,
  right = function() program(true) end,
}
