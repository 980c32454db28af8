-- Loops over Arrays: an index that leaves its Array does so at the same turn,
-- and with the same error, as in Lua, also where whole strips of turns are
-- found to be inside; so do constants that C computes with otherwise.

local threading = require "threading"

local Array = threading.Array

-- What fn gives, or its error, and then has in its Array.
local function outcome(fn, n, ...)
  local a = Array("int64", n)
  for i = 1, n do
    a[i] = i * i - 7
  end
  local results = table.pack(pcall(fn, a, ...))
  for i = 1, results.n do
    results[i] = tostring(results[i])
  end
  results[#results + 1] = table.concat(a:totable(), " ")
  return results
end

-- Each of `lists` is the Array's length, and the other arguments.
local function check(fn, lists)
  local compiled = threading.compile(fn)
  for _, list in ipairs(lists) do
    assert.same(outcome(fn, table.unpack(list)),
      outcome(compiled, table.unpack(list)))
  end
  return compiled
end

local max <const>, min <const> = math.maxinteger, math.mininteger

-- Limits about the end of the Array, and of a strip.
local function limits()
  local lists = {}
  for _, n in ipairs { 0, 1, 7, 8, 9, 10, 40, 4096, 4097, 4098, 8200 } do
    for more = -1, 2 do
      lists[#lists + 1] = { n, n + more }
    end
  end
  return lists
end

describe("a compiled loop", function()
  it("reads up to the end, and past it", function()
    check(function(a, last)
      local sum = 0
      for i = 1, last do
        sum = sum + a[i]
      end
      return sum
    end, limits())
  end)

  it("writes up to the end, and not past it", function()
    check(function(a, last)
      for i = 1, last do
        a[i] = i + 1
      end
      return last
    end, limits())
  end)

  it("goes down to the first element, and to no earlier one", function()
    local function down(a, first, last)
      local sum = 0
      for i = first, last, -1 do
        sum = sum + a[i]
        a[i] = sum
      end
      return sum
    end
    local lists = {}
    for _, n in ipairs { 1, 8, 9, 30, 4096, 4100 } do
      for last = -1, 1 do
        lists[#lists + 1] = { n, n, last }
      end
    end
    check(down, lists)
  end)

  it("has indices made of the variable, in any step", function()
    check(function(a, first, last, step, factor, offset)
      local sum = 0
      for i = first, last, step do
        sum = sum + a[i * factor + offset] + a[offset] * 2
          + a[factor * (i - 1) - -offset]
      end
      return sum
    end, {
      { 100, 1, 20, 1, 3, 4 }, { 100, 1, 33, 1, 3, 1 },
      { 100, 1, 33, 1, 3, 2 }, { 100, 0, 40, 2, 2, 2 },
      { 100, 20, 1, -1, 3, 7 }, { 100, 20, 1, -1, -3, 70 },
      { 100, 20, -10, -1, 3, 7 }, { 100, 1, 60, 3, 1, 45 },
      { 100, 1, 40, 1, 0, 5 }, { 100, 1, 40, 1, 0, 101 },
    })
  end)

  it("has indices beside one another, of which one leaves the Array", function()
    local lists = {}
    for _, n in ipairs { 0, 1, 4, 5, 6, 20 } do
      for first = 1, 4 do
        for last = n - 4, n + 5 do
          lists[#lists + 1] = { n, first, last }
        end
      end
    end
    check(function(a, first, last)
      local sum = 0
      for i = first, last do
        sum = sum + a[i + 3] * 3 - a[i]
        a[i - 2] = sum
      end
      return sum
    end, lists)
    check(function(a, first, last)
      for i = last, first, -1 do
        a[i + 1] = a[i] - a[i - 1]
      end
    end, lists)
  end)

  it("has indices that wrap around", function()
    check(function(a, factor, offset)
      local sum = 0
      for i = 1, 41 do
        sum = sum + a[i * factor + offset]
      end
      return sum
    end, { { 50, 1 << 62, 1 }, { 50, 1 << 63, 5 }, { 50, min + 1, 3 },
      { 50, max, 45 }, { 50, -1, 41 }, { 50, -1, 40 },
      { 50, 1 << 58, 2 }, { 50, 1 << 61, 1 - (1 << 61) },
      { 50, 1 << 61, 2 - (1 << 61) } })
    check(function(a, first, last)
      local sum = 0
      for i = first, last do
        a[i - max + 10] = i & 7
        sum = sum + 1
      end
      return sum
    end, { { 12, max - 9, max }, { 9, max - 12, max } })
  end)

  it("changes its Array, its index and what the index is made of", function()
    check(function(a, last)
      local at, b, sum = 1, a, 0
      for i = 1, last do
        b[at] = i
        at = at + 1
        if i == 20 then
          b = a
        end
        local k = at < 5 and i or at
        sum = sum + b[k]
      end
      return sum, at
    end, limits())
  end)

  it("passes by elements that are not there", function()
    check(function(a, last)
      local sum = 0
      for i = 1, last do
        if i > 1 then
          sum = sum + a[i - 1]
        end
        if i < last then
          sum = sum - a[i + 1]
        end
      end
      return sum
    end, limits())
  end)

  it("that assigns its variable goes on with the next", function()
    local source = [[return function(a, last)
      local sum = 0
      for i = 1, last do
        i = i * 2
        sum = sum + a[i]
      end
      return sum
    end]]
    local chunk = load(source, "=variable") -- Lua 5.5 does not know this
    if chunk then
      check(chunk(), { { 30, 15 }, { 30, 16 }, { 30, 9 } })
    end
  end)

  it("over floats has the same elements", function()
    check(function(a, first, last, step)
      local sum = 0
      for x = first, last, step do
        sum = sum + a[x] + a[3]
      end
      return sum
    end, { { 20, 1.0, 20.0, 1.0 }, { 20, 1.0, 22.0, 1.0 }, { 20, 1, 20, 1 },
      { 20, 1.0, 20.0, 0.5 } })
  end)

  it("holds others, and whiles, which reach over one another", function()
    check(function(a, n)
      local count = 0
      for i = 0, n - 1 do
        for j = 1, n do
          local k = i * n + j
          while k > 0 and a[k] & 1 == 0 do
            k = k - 1
            count = count + 1
          end
          a[i * n + j] = count
        end
      end
      return count
    end, { { 400, 20 }, { 400, 21 }, { 64, 8 }, { 1, 1 } })
  end)
end)

describe("a compiled operator with a constant", function()
  local NUMBERS <const> = { 0, 1, -1, 5, -5, 7, -8, 9, 4, 4.0, 3.9, -0.0, 0.0,
    1 << 53, 0x1p53, (1 << 53) + 1, max, min, 0x1p63, -0x1p63, math.huge,
    -math.huge, 0 / 0 }

  local function check_numbers(body)
    local fn = load("return function(x) return " .. body .. " end", "=body")()
    local compiled = threading.compile(fn)
    for _, x in ipairs(NUMBERS) do
      local expected, got = { fn(x) }, { compiled(x) }
      for i, y in ipairs(expected) do
        assert.equal(math.type(y), math.type(got[i]))
        assert.equal(("%s"):format(y):gsub("%-nan", "nan"),
          ("%s"):format(got[i]):gsub("%-nan", "nan"), body .. " of " .. x)
      end
    end
  end

  it("divides by powers of two, and others, rounding down", function()
    check_numbers "x // 1, x % 1, x // 2, x % 2, x // 8, x % 8"
    check_numbers("x // 0x4000000000000000, x % 0x4000000000000000, x // 3, "
      .. "x % 3, x // -2, x % -2, x // -1, x % -1")
  end)

  it("compares floats with integers", function()
    check_numbers "x < 4, x <= 4, x > 4, x >= 4, x == 4, x ~= 4"
    check_numbers "x < 0, x <= 0, x > 0, x >= 0, x == 0, x ~= 0"
    check_numbers("x < 0x20000000000000, x <= 0x20000000000000, "
      .. "x == 0x20000000000000, x == 0x20000000000001, "
      .. "x < 0x20000000000001, x == 0x7fffffffffffffff, "
      .. "x >= -0x7fffffffffffffff - 1")
  end)
end)
