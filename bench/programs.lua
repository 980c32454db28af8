-- Programs that people have, as one writes them in Lua, over Arrays: name ->
-- function. bench/cases/compile.lua measures them, and the specs of
-- threading.compile compare what they give with what Lua does.

local M = {}

-- The document's loop.
function M.xor(n)
  local x = 0
  for _ = 1, n do
    x = x ~ 1
  end
  return x
end

function M.mandelbrot(w, h, turns)
  local sum = 0
  for j = 0, h - 1 do
    for i = 0, w - 1 do
      local cx, cy = 3.0 * i / w - 2.1, 2.0 * j / h - 1
      local x, y, n = 0.0, 0.0, 0
      while n < turns and x * x + y * y <= 4 do
        x, y = x * x - y * y + cx, 2 * x * y + cy
        n = n + 1
      end
      sum = sum + n
    end
  end
  return sum
end

-- N bodies: positions, velocities, three for each, and masses.
local function advance(p, v, mass, n, dt)
  for i = 1, n do
    local a = 3 * i - 2
    local x, y, z = p[a], p[a + 1], p[a + 2]
    for j = i + 1, n do
      local b = 3 * j - 2
      local dx, dy, dz = x - p[b], y - p[b + 1], z - p[b + 2]
      local d2 = dx * dx + dy * dy + dz * dz
      local mag = dt / (d2 * math.sqrt(d2))
      local m = mass[j] * mag
      v[a], v[a + 1] = v[a] - dx * m, v[a + 1] - dy * m
      v[a + 2] = v[a + 2] - dz * m
      m = mass[i] * mag
      v[b], v[b + 1] = v[b] + dx * m, v[b + 1] + dy * m
      v[b + 2] = v[b + 2] + dz * m
    end
  end
  for i = 1, 3 * n do
    p[i] = p[i] + dt * v[i]
  end
end

local function energy(p, v, mass, n)
  local e = 0
  for i = 1, n do
    local a = 3 * i - 2
    local vx, vy, vz = v[a], v[a + 1], v[a + 2]
    e = e + mass[i] * (vx ^ 2 + vy ^ 2 + vz ^ 2) / 2
    for j = i + 1, n do
      local b = 3 * j - 2
      e = e - mass[i] * mass[j] / ((p[a] - p[b]) ^ 2
        + (p[a + 1] - p[b + 1]) ^ 2 + (p[a + 2] - p[b + 2]) ^ 2) ^ 0.5
    end
  end
  return e
end

function M.nbody(p, v, mass, steps)
  local n = #mass
  for _ = 1, steps do
    advance(p, v, mass, n, 0.01)
  end
  return energy(p, v, mass, n)
end

function M.sieve(composite)
  local n, count = #composite, 0
  for i = 2, n do
    if composite[i] == 0 then
      count = count + 1
      for j = i * i, n, i do
        composite[j] = 1
      end
    end
  end
  return count
end

-- For three Arrays of n + 1 elements.
function M.fannkuch(n, p, q, s)
  local sign, most, sum = 1, 0, 0
  for i = 1, n do
    p[i], q[i], s[i] = i, i, i
  end
  repeat
    local q0 = p[1]
    if q0 ~= 1 then
      for i = 2, n do
        q[i] = p[i]
      end
      local flips = 1
      while true do
        local qq = q[q0]
        if qq == 1 then
          sum = sum + sign * flips
          if flips > most then
            most = flips
          end
          break
        end
        q[q0] = q0
        if q0 >= 4 then
          local i, j = 2, q0 - 1
          repeat
            q[i], q[j] = q[j], q[i]
            i = i + 1
            j = j - 1
          until i >= j
        end
        q0 = qq
        flips = flips + 1
      end
    end
    if sign == 1 then
      p[1], p[2] = p[2], p[1]
      sign = -1
    else
      p[2], p[3] = p[3], p[2]
      sign = 1
      for i = 3, n do
        local sx = s[i]
        if sx ~= 1 then
          s[i] = sx - 1
          break
        end
        if i == n then
          return sum, most
        end
        s[i] = i
        local t = p[1]
        for j = 1, i do
          p[j] = p[j + 1]
        end
        p[i + 1] = t
      end
    end
  until false
end

local function A(i, j)
  local ij = i + j - 1
  return 1.0 / (ij * (ij - 1) * 0.5 + i)
end

local function times(x, y, n)
  for i = 1, n do
    local a = 0
    for j = 1, n do
      a = a + x[j] * A(i, j)
    end
    y[i] = a
  end
end

local function times_transposed(x, y, n)
  for i = 1, n do
    local a = 0
    for j = 1, n do
      a = a + x[j] * A(j, i)
    end
    y[i] = a
  end
end

-- The spectral norm.
function M.spectral(u, v, t)
  local n = #u
  for i = 1, n do
    u[i] = 1
  end
  for _ = 1, 10 do
    times(u, t, n)
    times_transposed(t, v, n)
    times(v, t, n)
    times_transposed(t, u, n)
  end
  local vBv, vv = 0, 0
  for i = 1, n do
    local ui, vi = u[i], v[i]
    vBv, vv = vBv + ui * vi, vv + vi * vi
  end
  return math.sqrt(vBv / vv)
end

local function fib(n)
  if n < 2 then
    return n
  end
  return fib(n - 1) + fib(n - 2)
end

M.fib = fib

-- The product of two matrices of n times n.
function M.matmul(a, b, c, n)
  for i = 0, n - 1 do
    for j = 1, n do
      local sum = 0
      for k = 1, n do
        sum = sum + a[i * n + k] * b[(k - 1) * n + j]
      end
      c[i * n + j] = sum
    end
  end
  return c[1]
end

function M.sum(a)
  local s = 0
  for i = 1, #a do
    s = s + a[i]
  end
  return s
end

function M.collatz(limit)
  local best, longest = 1, 1
  for start = 1, limit do
    local n, length = start, 1
    while n ~= 1 do
      if n % 2 == 0 then
        n = n // 2
      else
        n = 3 * n + 1
      end
      length = length + 1
    end
    if length > longest then
      best, longest = start, length
    end
  end
  return best, longest
end

return M
