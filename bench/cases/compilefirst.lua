-- compilefirst.lua: what a first call waits for. Seconds, of a program that was
-- compiled by another process: the first of this one, and a later one; of the
-- program that takes longest to compile; of a function of 1000 lines.
local threading = require "threading"
local now = require "probe".now
local programs = dofile "bench/programs.lua"

local F <const>, I <const> = "float64[]", "integer"
local TYPES <const> = {
  xor = { I }, mandelbrot = { I, I, I }, nbody = { F, F, F, I },
  sieve = { "uint8[]" }, fannkuch = { I, "int32[]", "int32[]", "int32[]" },
  spectral = { F, F, F }, fib = { I }, matmul = { F, F, F, I }, sum = { F },
  collatz = { I },
}

local function seconds(fn, types, flags)
  local t = now()
  threading.compile(fn, { eager = types, flags = flags })
  return now() - t
end

local function cached(name)
  return seconds(programs[name], TYPES[name])
end

local unheard <const> = ("-DRUN=%d"):format(now() * 1e9)

local function slowest()
  local most = 0
  for name, types in pairs(TYPES) do
    most = math.max(most, seconds(programs[name], types, unheard))
  end
  return most
end

-- A function of so many lines.
local function long(lines)
  local out = { "local a, n = ... local x, y = n, n + 0.5" }
  for i = 2, lines - 1, 4 do
    out[#out + 1] = ("if x %% %d == 0 then\n  x = x // 2 + a[%d]\n"
      .. "else x = 3 * x + %d end\ny = y * 0.5 + x"):format(i, i % 8 + 1, i)
  end
  out[#out + 1] = "return x, y"
  local text = table.concat(out, "\n"):gsub("^local a, n = %.%.%.",
    "return function(a, n)") .. " end"
  return load(text, "=long")()
end

print(cached "mandelbrot", cached "sieve", slowest(),
  seconds(long(1000), { "int64[]", I }, unheard))
