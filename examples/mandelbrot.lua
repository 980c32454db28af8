-- One idea: a loop over the rows of a picture runs on every core when the
-- body is C. `lua mandelbrot.lua [width] [file]` writes a picture as PPM.

local threading = require "threading"
local time = require "threading.time"

local width <const> = math.tointeger(arg[1] or 1500)
  or error "usage: mandelbrot.lua [width] [file]"
local height <const> = width * 2 // 3
local name <const> = arg[2] or "mandelbrot.ppm"

local k = threading.kernel [[
  #define TURNS 1000

  static double escape(double cx, double cy) {
    double x = 0, y = 0, x2 = 0, y2 = 0;
    for (int i = 0; i < TURNS; i++) {
      y = 2 * x * y + cy;
      x = x2 - y2 + cx;
      x2 = x * x;
      y2 = y * y;
      if (x2 + y2 > 1e4) return i + 1 - log2(log(x2 + y2) / 2);
    }
    return TURNS;
  }

  static uint8_t shade(double t, double phase) {
    return (uint8_t)(127.5 * (1 - cos(0.25 * t + phase)));
  }

  void rows(int w, int h, uint8_t picture[h][w][3], int lo, int hi) {
    for (int j = lo; j < hi && !threading_stopping(); j++)
      for (int i = 0; i < w; i++) {
        double t = escape((i + 0.5) / w * 3 - 2.1, (j + 0.5) / h * 2 - 1);
        for (int c = 0; c < 3; c++)
          picture[j][i][c] = t < TURNS ? shade(t, 0.6 * c) : 0;
      }
  }
]]

-- A bar that grows, where somebody is looking.
local terminal = os.execute "test -t 2"

local function progress(done, total)
  local n = 40 * done // total
  io.stderr:write(("\r[%-40s] %3d %%%s"):format(("#"):rep(n),
    100 * done // total, done == total and "\n" or ""))
end

local picture = threading.Array("uint8", 3 * width * height)
local start = time.monotonic()
threading.parallel_for(1, height, function(lo, hi)
  k.rows(width, height, picture, lo - 1, hi)
end, { parts = math.min(height, 100), progress = terminal and progress })
local seconds = time.monotonic() - start

local file <close> = assert(io.open(name, "wb"))
file:write(("P6\n%d %d\n255\n"):format(width, height))
local row <const> = 3 * width
for i = 1, #picture, row do
  file:write(string.char(table.unpack(picture:totable(i, i + row - 1))))
end

print(("%s: %d x %d, in %.2f s on %d cores"):format(name, width, height,
  seconds, threading.cpu_count()))
