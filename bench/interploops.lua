-- What is run on all cores, by interpreters and by their peers: functions that
-- need nothing from around them.

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

return M
