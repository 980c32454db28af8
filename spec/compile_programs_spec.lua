-- Programs that people have, written as one writes them in Lua, over Arrays:
-- what the compiled function gives and leaves in its Arrays is, bit by bit,
-- what the interpreted one does.

local programs = dofile "bench/programs.lua"
local threading = require "threading"

local Array, compile = threading.Array, threading.compile

-- A value with its kind and all its bits.
local function exact(x)
  return math.type(x) == "float" and ("%a"):format(x) or tostring(x)
end

local function exact_list(list)
  local out = {}
  for i = 1, list.n or #list do
    out[i] = exact(list[i])
  end
  return out
end

local function is_array(x)
  return tostring(x):find "Array" ~= nil
end

-- What fn returns, and then holds in the Arrays that it was given.
local function outcome(fn, arguments)
  local results = exact_list(table.pack(fn(table.unpack(arguments))))
  for _, x in ipairs(arguments) do
    if is_array(x) then
      results[#results + 1] = table.concat(exact_list(x:totable()), " ")
    end
  end
  return results
end

-- `arguments` makes them anew for each run.
local function check(fn, arguments)
  local expected = outcome(fn, arguments())
  local f = compile(fn)
  assert.same(expected, outcome(f, arguments()))
  assert.same(expected, outcome(f, arguments())) -- compiled before
  return expected
end

-- Numbers without an order, the same each time.
local function scrambled(kind, n, scale)
  local a, x = Array(kind, n), 42
  for i = 1, n do
    x = (x * 1103515245 + 12345) & 0x7fffffff
    a[i] = kind:find "float" and x * scale or x % scale
  end
  return a
end

describe("compiled, as interpreted:", function()
  it("heapsort", function()
    local function sift(a, lo, hi)
      local root = lo
      while 2 * root <= hi do
        local child = 2 * root
        if child < hi and a[child] < a[child + 1] then
          child = child + 1
        end
        if a[root] >= a[child] then
          return
        end
        a[root], a[child] = a[child], a[root]
        root = child
      end
    end
    local function heapsort(a)
      for i = #a // 2, 1, -1 do
        sift(a, i, #a)
      end
      for i = #a, 2, -1 do
        a[1], a[i] = a[i], a[1]
        sift(a, 1, i - 1)
      end
    end
    for kind, scale in pairs { int64 = 1000, float64 = 0x1p-31, uint8 = 256,
      float32 = 0x1p-31 } do
      for _, n in ipairs { 0, 1, 2, 500 } do
        check(heapsort, function()
          return { scrambled(kind, n, scale) }
        end)
      end
    end
  end)

  it("quicksort, a function that calls itself", function()
    local function sort(a, lo, hi)
      while lo < hi do
        local pivot, i, j = a[(lo + hi) // 2], lo, hi
        repeat
          while a[i] < pivot do i = i + 1 end
          while pivot < a[j] do j = j - 1 end
          if i <= j then
            a[i], a[j] = a[j], a[i]
            i, j = i + 1, j - 1
          end
        until i > j
        sort(a, lo, j)
        lo = i
      end
    end
    check(sort, function()
      return { scrambled("int32", 700, 100), 1, 700 }
    end)
  end)

  it("FFT", function()
    local function fft(re, im, inverse)
      local n, j = #re, 1
      for i = 1, n do
        if i < j then
          re[i], re[j] = re[j], re[i]
          im[i], im[j] = im[j], im[i]
        end
        local m = n >> 1
        while m >= 2 and j > m do
          j, m = j - m, m >> 1
        end
        j = j + m
      end
      local sign = inverse and 1 or -1
      local length = 2
      while length <= n do
        local angle = sign * 2 * math.pi / length
        for start = 1, n, length do
          for k = 0, length // 2 - 1 do
            local wr, wi = math.cos(angle * k), math.sin(angle * k)
            local p, q = start + k, start + k + length // 2
            local tr = wr * re[q] - wi * im[q]
            local ti = wr * im[q] + wi * re[q]
            re[q], im[q] = re[p] - tr, im[p] - ti
            re[p], im[p] = re[p] + tr, im[p] + ti
          end
        end
        length = length * 2
      end
      if inverse then
        for i = 1, n do
          re[i], im[i] = re[i] / n, im[i] / n
        end
      end
    end
    for _, inverse in ipairs { true, false } do
      check(fft, function()
        return { scrambled("float64", 256, 0x1p-31), Array("float64", 256),
          inverse }
      end)
    end
    check(fft, function()
      return { scrambled("float64", 64, 1.0), Array("float64", 64) }
    end)
  end)

  it("LU decomposition with pivots", function()
    local function lu(a, perm, n)
      local sign = 1
      for k = 1, n do
        local best, at = 0.0, k
        for i = k, n do
          local x = math.abs(a[(i - 1) * n + k])
          if x > best then
            best, at = x, i
          end
        end
        if best == 0 then
          return nil
        end
        perm[k] = at
        if at ~= k then
          sign = -sign
          for j = 1, n do
            local x, y = (k - 1) * n + j, (at - 1) * n + j
            a[x], a[y] = a[y], a[x]
          end
        end
        for i = k + 1, n do
          local factor = a[(i - 1) * n + k] / a[(k - 1) * n + k]
          a[(i - 1) * n + k] = factor
          for j = k + 1, n do
            a[(i - 1) * n + j] = a[(i - 1) * n + j]
              - factor * a[(k - 1) * n + j]
          end
        end
      end
      local det = sign
      for k = 1, n do
        det = det * a[(k - 1) * n + k]
      end
      return det
    end
    local n = 12
    check(lu, function()
      return { scrambled("float64", n * n, 0x1p-31), Array("int32", n), n }
    end)
    assert.equal("nil", check(lu, function() -- singular
      return { Array("float64", n * n), Array("int32", n), n }
    end)[1])
  end)

  it("the game of life", function()
    local WIDTH, HEIGHT = 24, 16
    local function neighbours(world, x, y)
      local count = 0
      for dy = -1, 1 do
        for dx = -1, 1 do
          if dx ~= 0 or dy ~= 0 then
            local column, row = (x + dx) % WIDTH, (y + dy) % HEIGHT
            count = count + world[row * WIDTH + column + 1]
          end
        end
      end
      return count
    end
    local function live(world, next, turns)
      for _ = 1, turns do
        for y = 0, HEIGHT - 1 do
          for x = 0, WIDTH - 1 do
            local n, at = neighbours(world, x, y), y * WIDTH + x + 1
            next[at] = (n == 3 or n == 2 and world[at] == 1) and 1 or 0
          end
        end
        world, next = next, world
      end
    end
    check(live, function()
      return { scrambled("uint8", WIDTH * HEIGHT, 2),
        Array("uint8", WIDTH * HEIGHT), 25 }
    end)
  end)

  it("n queens, by bits and by an Array", function()
    local function by_bits(all, columns, left, right)
      if columns == all then
        return 1
      end
      local free, count = all & ~(columns | left | right), 0
      while free ~= 0 do
        local bit = free & -free
        free = free ~ bit
        count = count + by_bits(all, columns | bit, (left | bit) << 1,
          (right | bit) >> 1)
      end
      return count
    end
    assert.same({ "92" }, check(by_bits, function()
      return { 255, 0, 0, 0 }
    end))

    local function safe(board, row, column)
      for r = 1, row - 1 do
        local c = board[r]
        if c == column or math.abs(c - column) == row - r then
          return false
        end
      end
      return true
    end
    local function place(board, row)
      if row > #board then
        return 1
      end
      local count = 0
      for column = 1, #board do
        if safe(board, row, column) then
          board[row] = column
          count = count + place(board, row + 1)
        end
      end
      return count
    end
    assert.equal("40", check(place, function()
      return { Array("int8", 7), 1 }
    end)[1])
  end)

  it("pi by chance, with a generator of its own", function()
    local function next_random(x)
      x = x ~ x << 13
      x = x ~ x >> 7
      return x ~ x << 17
    end
    local function pi(points, seed)
      local inside, x = 0, seed
      for _ = 1, points do
        x = next_random(x)
        local a = (x >> 11) * 0x1p-53
        x = next_random(x)
        local b = (x >> 11) * 0x1p-53
        if a * a + b * b < 1 then
          inside = inside + 1
        end
      end
      return 4 * inside / points, x
    end
    check(pi, function()
      return { 5000, 88172645463325252 }
    end)
  end)

  it("the Mandelbrot set", function()
    local function mandelbrot(width, height, turns, out)
      local sum = 0
      for j = 0, height - 1 do
        for i = 0, width - 1 do
          local cx, cy = 3.0 * i / width - 2.1, 2.0 * j / height - 1
          local x, y, n = 0, 0, 0
          while n < turns and x * x + y * y <= 4 do
            x, y = x * x - y * y + cx, 2 * x * y + cy
            n = n + 1
          end
          out[j * width + i + 1] = n
          sum = sum + n
        end
      end
      return sum
    end
    check(mandelbrot, function()
      return { 30, 20, 60, Array("int32", 600) }
    end)
  end)

  it("n bodies", function()
    check(programs.nbody, function()
      return { scrambled("float64", 15, 0x1p-30),
        scrambled("float64", 15, 0x1p-33), scrambled("float64", 5, 0x1p-31),
        100 }
    end)
  end)

  it("the spectral norm", function()
    check(programs.spectral, function()
      return { Array("float64", 30), Array("float64", 30),
        Array("float64", 30) }
    end)
  end)

  it("fannkuch", function()
    local expected = check(programs.fannkuch, function()
      return { 7, Array("int32", 8), Array("int32", 8), Array("int32", 8) }
    end)
    assert.same({ "228", "16" }, { expected[1], expected[2] })
  end)

  it("the sieve", function()
    assert.equal("303", check(programs.sieve, function()
      return { Array("uint8", 2000) }
    end)[1])
  end)

  it("the product of two matrices", function()
    for _, kind in ipairs { "float64", "int64", "float32" } do
      check(programs.matmul, function()
        local scale = kind == "int64" and 1 << 40 or 0x1p-31
        return { scrambled(kind, 225, scale), scrambled(kind, 225, scale),
          Array(kind, 225), 15 }
      end)
    end
  end)

  it("collatz", function()
    assert.same({ "871", "179" }, check(programs.collatz, function()
      return { 1000 }
    end))
  end)

  it("fib, and Ackermann's function", function()
    local function ack(m, n)
      if m == 0 then
        return n + 1
      elseif n == 0 then
        return ack(m - 1, 1)
      end
      return ack(m - 1, ack(m, n - 1))
    end
    assert.same({ "2584" }, check(programs.fib, function()
      return { 18 }
    end))
    check(programs.fib, function()
      return { 12.5 }
    end)
    assert.same({ "61" }, check(ack, function()
      return { 2, 29 }
    end))
  end)

  it("the greatest common divisor, and powers modulo", function()
    local function gcd(a, b)
      while b ~= 0 do
        a, b = b, a % b
      end
      return a
    end
    local function power(base, e, m)
      local r = 1
      base = base % m
      while e > 0 do
        if e & 1 == 1 then
          r = r * base % m
        end
        base, e = base * base % m, e >> 1
      end
      return r
    end
    check(gcd, function()
      return { -1071, 462 }
    end)
    check(gcd, function()
      return { 1071.0, 462 }
    end)
    check(power, function()
      return { 7, 1234567, 1000003 }
    end)
  end)

  it("Simpson's rule, a function found at the call", function()
    local function f(x)
      return math.exp(-x * x) * math.log(1 + x)
    end
    local function integrate(a, b, n)
      local h, sum = (b - a) / n, f(a) + f(b)
      for i = 1, n - 1 do
        sum = sum + f(a + i * h) * (i % 2 == 0 and 2 or 4)
      end
      return sum * h / 3
    end
    check(integrate, function()
      return { 0, 3, 100 }
    end)
  end)

  it("the distance of Levenshtein", function()
    local function distance(a, b, row)
      for j = 0, #b do
        row[j + 1] = j
      end
      for i = 1, #a do
        local diagonal = row[1]
        row[1] = i
        for j = 1, #b do
          local cost = a[i] == b[j] and 0 or 1
          local best = math.min(row[j] + 1, row[j + 1] + 1, diagonal + cost)
          diagonal, row[j + 1] = row[j + 1], best
        end
      end
      return row[#b + 1]
    end
    local function letters(s)
      return Array("uint8", { s:byte(1, -1) })
    end
    assert.equal("5", check(distance, function()
      return { letters "saturdaysun", letters "sundaymon",
        Array("int32", 10) }
    end)[1])
  end)

  it("a histogram, and a running mean", function()
    local function histogram(values, bins, low, high)
      local width = (high - low) / #bins
      local mean = 0
      for i = 1, #values do
        local x = values[i]
        local bin = math.floor((x - low) / width) + 1
        bin = math.max(1, math.min(bin, #bins))
        bins[bin] = bins[bin] + 1
        mean = mean + (x - mean) / i
      end
      return mean
    end
    check(histogram, function()
      return { scrambled("float64", 300, 0x1p-31), Array("int64", 10), 0.1,
        0.9 }
    end)
  end)
end)
