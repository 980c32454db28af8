--- Loops of each kind that compiled code can have. Each begins by a[1] = 1 and
-- goes on until a[2] is not 0; those in `endless` do not look at it.

local rounds = {}

rounds["for, of integers"] = function(a)
  a[1] = 1
  local x = 0
  for i = 1, math.maxinteger do
    x = x ~ i
    if a[2] ~= 0 then
      break
    end
  end
  return x
end

rounds["for, of floats"] = function(a)
  a[1] = 1
  for x = 0.0, math.huge do
    if a[2] ~= 0 then
      return x
    end
  end
end

rounds["for, in a for"] = function(a)
  a[1] = 1
  local x = 0
  for i = 1, math.maxinteger do
    for j = 1, 1000 do
      x = x ~ i ~ j
    end
    if a[2] ~= 0 then
      return x
    end
  end
end

rounds["while"] = function(a)
  a[1] = 1
  local n = 0
  while a[2] == 0 do
    n = n + 1
  end
  return n
end

rounds["repeat"] = function(a)
  a[1] = 1
  local x = 1
  repeat
    x = x * 0.5
  until a[2] ~= 0
  return x
end

rounds["goto"] = function(a)
  a[1] = 1
  ::again::
  if a[2] ~= 0 then
    return 1
  end
  goto again
end

local function walk(a, depth)
  if a[2] ~= 0 or depth == 0 then
    return 1
  end
  return walk(a, depth - 1) + walk(a, depth - 1)
end

rounds["recursion"] = function(a)
  a[1] = 1
  return walk(a, 90)
end

local function again(a)
  if a[2] ~= 0 then
    return 1
  end
  return again(a)
end

rounds["tail calls"] = function(a)
  a[1] = 1
  return again(a)
end

local function once(a)
  return a[2] == 0
end

rounds["calls in a while"] = function(a)
  a[1] = 1
  while once(a) do
  end
end

local endless = {}

endless["for, of integers"] = function(a)
  a[1] = 1
  local x = 0
  for i = 1, math.maxinteger do
    x = x ~ i
  end
  return x
end

endless["for, of floats"] = function(a)
  a[1] = 1
  local x = 0
  for y = 0.0, math.huge do
    x = x + y
  end
  return x
end

endless["for, down"] = function(a)
  a[1] = 1
  local x = 0
  for i = math.maxinteger, 1, -1 do
    x = x + i
  end
  return x
end

endless["while true"] = function(a)
  a[1] = 1
  while true do
  end
end

endless["repeat"] = function(a)
  a[1] = 1
  local x = 0
  repeat
    x = x + 1
  until x == 0.5
  return x
end

endless["goto"] = function(a)
  a[1] = 1
  ::again::
  goto again
end

local function fib(n)
  return n < 2 and n or fib(n - 1) + fib(n - 2)
end

endless["recursion"] = function(a)
  a[1] = 1
  return fib(90)
end

return { endless = endless, rounds = rounds }
