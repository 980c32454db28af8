-- Threads that make a call in another interpreter.

local _thread = require "threading._thread"
local Thread = require("threading.private.thread").Thread

return function(interpreter, message)
  local visitor = Thread {
    target = _thread._visit, args = { interpreter, message },
  }
  visitor:start()
  return visitor
end
