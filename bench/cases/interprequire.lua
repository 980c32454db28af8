-- interprequire.lua inside|plain: `require "threading"` in a new interpreter;
-- or, to compare, the making of a plain Lua state.
local interpreters = require "threading.interpreters"
local probe = require "probe"
local now = probe.now
local N <const> = 200

local function inside()
  local i <close> = interpreters.create()
  local t = now()
  i:exec "require 'threading'"
  return now() - t
end

local function plain()
  local t = now()
  probe.newstate()
  return now() - t
end

local measure = arg[1] == "inside" and inside or plain
measure()
local sum = 0
for _ = 1, N do
  sum = sum + measure()
end
print(sum / N)
