-- Long functions: they are compiled with Lua's results, and optimised less, so
-- that the C compiler ends soon.

local files = require "spec.support.files"
local kernels = require "spec.support.kernels"
local threading = require "threading"

local Array, compile = threading.Array, threading.compile

-- A function of so many statements, each of which reads and writes an Array.
local function long(statements)
  local lines = { "return function(a, x)" }
  for i = 1, statements do
    lines[#lines + 1] = ("if a[%d] > x then a[%d] = a[%d] * 0.5 + %d end")
      :format(i % 7 + 1, i * 3 % 7 + 1, i * 5 % 7 + 1, i)
  end
  lines[#lines + 1] = "return a[1] // x, a[2] end"
  return load(table.concat(lines, "\n"), "=long")()
end

local function outcome(fn, x)
  local a = Array("float64", { 1, 2, 3, 4, 5, 6, 7 })
  local list = table.pack(pcall(fn, a, x))
  list[#list + 1] = table.concat(a:totable(), " ")
  return list
end

describe("a long function", function()
  lazy_setup(kernels.make)
  lazy_teardown(kernels.remove)

  -- What the C compiler was told when it compiled fn.
  local function words_of(fn)
    local log = kernels.folder .. "/words"
    kernels.write("words", "")
    local cc = kernels.script("telling", ([[echo "$@" >>'%s'; exec %s "$@"]])
      :format(log, kernels.cc))
    local f = compile(fn, { cc = cc })
    for _, x in ipairs { 3, 0.25, true } do
      assert.same(outcome(fn, x), outcome(f, x))
    end
    return files.read(log)
  end

  it("gives Lua's results, compiled with -O1", function()
    assert.matches(" %-O1 ", words_of(long(600)))
  end)

  it("is one of many lines of C", function()
    assert.not_matches(" %-O1 ", words_of(long(20)))
  end)

  -- Variables that are integers or floats, by the way that was taken.
  it("with many combinations of types is one over tagged numbers", function()
    local lines = { "return function(a, v1) local v2, v3, v4 = 2, 3, 4",
      "local v5, v6, v7, v8 = 5, 6, 7, 8" }
    for i = 1, 250 do
      lines[#lines + 1] = ([[
        if v%d > %d then v%d = v%d * 0.5 + v%d else v%d = v%d // 3 + %d end]])
        :format(i % 8 + 1, i % 17, i * 3 % 8 + 1, i * 5 % 8 + 1,
        (i + 3) % 8 + 1, i * 7 % 8 + 1, i % 5 + 1, i)
    end
    lines[#lines + 1] = "for i = 1, 3 do a[i] = a[i] + v1 * i end"
    lines[#lines + 1] = "return v1, v2, v3, v4, v5, v6, v7, v8 end"
    local fn = load(table.concat(lines, "\n"), "=branches")()
    local f = compile(fn)
    for _, x in ipairs { 1, 2.5, 1000, -7, true } do
      assert.same(outcome(fn, x), outcome(f, x))
    end
  end)
end)
