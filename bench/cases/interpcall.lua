-- Calls of a function that does nothing, in another interpreter.
local interpreters = require "threading.interpreters"
local now = require "probe".now
local N <const> = 100000

local function nothing() end

local i <close> = interpreters.create()
local function run(n)
  for _ = 1, n do
    i:call(nothing)
  end
end

run(1000)
local t = now()
run(N)
print((now() - t) / N)
