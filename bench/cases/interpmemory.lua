-- What an idle interpreter costs in memory, with a thread that waits in it: a
-- hundred of them.
local interpreters = require "threading.interpreters"
local memory = require "probe".memory
local N <const> = 100
local ready = interpreters.create_queue()
local never = interpreters.create_queue()

local function idle(said, waited)
  said:put(true)
  waited:get()
end

local function start()
  local i = interpreters.create()
  return i, i:call_in_thread(idle, ready, never), ready:get()
end

local all = { start() } -- what only the first one costs is not one's
local before = memory()
for _ = 1, N do
  all[#all + 1], all[#all + 2] = start()
end
print((memory() - before) / N)
os.exit(0, false)
