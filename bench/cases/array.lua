-- array.lua array|numbers: elements of an Array, or the cheapest there can be.
local now = require "probe".now
local N <const>, ROUNDS <const> = 1000, 2000

local function new()
  if arg[1] == "array" then
    return require "threading".Array("float64", N)
  end
  return require "probe".numbers(N)
end

local function read(a)
  local x
  for _ = 1, ROUNDS do
    for i = 1, N do
      x = a[i]
    end
  end
  return x
end

local function write(a)
  for _ = 1, ROUNDS do
    for i = 1, N do
      a[i] = 0.5
    end
  end
end

-- The best of a few: what disturbs a loop makes it slower, never faster.
local function best(fn, a)
  local least = math.huge
  for _ = 1, 5 do
    local t = now()
    fn(a)
    least = math.min(least, now() - t)
  end
  return least / (N * ROUNDS)
end

local a = new()
print(best(read, a), best(write, a))
