-- An interpreter with a thread of its own that does nothing, from its making to
-- its closing, one after the other.
local interpreters = require "threading.interpreters"
local now = require "probe".now
local N <const> = 500

local function nothing() end

local function run(n)
  for _ = 1, n do
    local i = interpreters.create()
    i:call_in_thread(nothing):join()
    i:close()
  end
end

run(50)
local t = now()
run(N)
print((now() - t) / N)
