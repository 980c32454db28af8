-- One idea: a loop over the rows of a picture runs on every core when the body
-- is compiled. `lua mandelbrot.lua [width] [file]` writes a picture as PPM.

local threading = require "threading"
local time = require "threading.time"

local width <const> = math.tointeger(arg[1] or 1500)
  or error "usage: mandelbrot.lua [width] [file]"
local height <const> = width * 2 // 3
local name <const> = arg[2] or "mandelbrot.ppm"

local picture = threading.Array("uint8", 3 * width * height)

local TURNS <const> = 1000

local function escape(cx, cy)
  local x, y, x2, y2 = 0.0, 0.0, 0.0, 0.0
  for i = 1, TURNS do
    y = 2 * x * y + cy
    x = x2 - y2 + cx
    x2, y2 = x * x, y * y
    if x2 + y2 > 1e4 then
      return i - math.log(math.log(x2 + y2) / 2, 2)
    end
  end
  return nil -- inside
end

local function shade(t, phase)
  return math.floor(127.5 * (1 - math.cos(0.25 * t + phase)))
end

-- Compiled, it runs outside of Lua's global lock, on a core of its own.
local rows = threading.compile(function(lo, hi)
  local at = 3 * width * (lo - 1)
  for j = lo, hi do
    for i = 1, width do
      local t = escape((i - 0.5) / width * 3 - 2.1, (j - 0.5) / height * 2 - 1)
      for c = 0, 2 do
        at = at + 1
        picture[at] = t and shade(t, 0.6 * c) or 0
      end
    end
  end
end)

-- A bar that grows, where somebody is looking.
local terminal = os.execute "test -t 2"

local function progress(done, total)
  local n = 40 * done // total
  io.stderr:write(("\r[%-40s] %3d %%%s"):format(("#"):rep(n),
    100 * done // total, done == total and "\n" or ""))
end

local start = time.monotonic()
threading.parallel_for(1, height, rows, { parts = math.min(height, 100),
  progress = terminal and progress })
local seconds = time.monotonic() - start

local file <close> = assert(io.open(name, "wb"))
file:write(("P6\n%d %d\n255\n"):format(width, height))
local row <const> = 3 * width
for i = 1, #picture, row do
  file:write(string.char(table.unpack(picture:totable(i, i + row - 1))))
end

print(("%s: %d x %d, in %.2f s on %d cores"):format(name, width, height,
  seconds, threading.cpu_count()))
