-- A reply that comes just when its time is over: who has waited gives up, and
-- the one that replies has seen that it waits.
local threading = require "threading"
local time = require "threading.time"
local support = require "spec.explore.support"

local function program(lock)
  local waits, reply, outcome = true, nil, nil
  local arrived = threading.Event()
  local give_up = support.guarded(lock, function()
    outcome = reply or "nothing"
    waits = false
  end)
  local answer = support.guarded(lock, function()
    if waits then
      reply = "here"
      arrived:set()
    end
  end)
  support.together(function()
    arrived:wait(1)
    give_up()
  end, function()
    time.sleep(1)
    answer()
  end)
  assert(not reply or outcome == reply, "a reply that nobody reads")
end

return {
  name = "timeout race", prototype = 8,
  wrong = function() program(nil) end,
  right = function() program(threading.Lock()) end,
}
