-- What is looked at without the lock is there before it is complete.
local threading = require "threading"
local support = require "spec.explore.support"

local function unfinished(state)
  state.object = {}
  state.object.value = 42
end

local function finished(state)
  local object = {}
  object.value = 42
  state.object = object
end

local function program(make)
  local state, lock = {}, threading.Lock()
  local function get()
    if not state.object then
      local _ <close> = lock:guard()
      if not state.object then
        make(state)
      end
    end
    assert(state.object.value == 42, "the object is not complete")
  end
  support.together(get, get)
end

return {
  name = "double-checked lock", prototype = 54,
  wrong = function() program(unfinished) end,
  right = function() program(finished) end,
}
