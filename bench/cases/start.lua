-- Threads that do nothing, made, started and joined one after the other.
local threading = require "threading"
local now = require "probe".now
local N <const> = 2000

local function nothing() end

local function run(n)
  for _ = 1, n do
    local t = threading.Thread { target = nothing }
    t:start()
    t:join()
  end
end

run(100)
local t = now()
run(N)
print((now() - t) / N)
