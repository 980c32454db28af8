-- What interpreters and their peers run: functions that need nothing from
-- around them.

-- Two loops, for all cores.
local M = { turns = { numbers = 20000000, tables = 3000000 } }

function M.numbers(n)
  local x = 0
  for i = 1, n do
    x = (5 * x + i) % 1000003
  end
  return x
end

function M.tables(n)
  local sum = 0
  for i = 1, n do
    local t = { i, i + 1, name = "name" .. i % 1000 }
    sum = sum + #t.name + #t
  end
  return sum
end

-- What puts n items of a kind into a queue, by its method of this name.
M.produce = {}

function M.produce.integers(queue, put, n)
  for i = 1, n do
    queue[put](queue, i)
  end
end

function M.produce.records(queue, put, n)
  for i = 1, n do
    queue[put](queue, { id = i, name = "name", ok = true })
  end
end

function M.produce.tables(queue, put, n)
  local numbers = {}
  for i = 1, 1000 do
    numbers[i] = i + 0.5
  end
  for _ = 1, n do
    queue[put](queue, numbers)
  end
end

return M
