-- mandelbrot.lua kernel|lua: the Mandelbrot set, by a kernel on all cores, or
-- in plain Lua; seconds.
local threading = require "threading"
local now = require "probe".now
local WIDTH <const>, HEIGHT <const>, TURNS <const> = 300, 200, 200

local rows
local total = threading.Value "int64"

if arg[1] == "kernel" then
  local k = threading.kernel [[
    int64_t rows(int w, int h, int turns, int lo, int hi) {
      int64_t sum = 0;
      for (int j = lo; j < hi; j++)
        for (int i = 0; i < w; i++) {
          double cx = 3.0 * i / w - 2.1, cy = 2.0 * j / h - 1;
          double x = 0, y = 0;
          int n = 0;
          while (n < turns && x * x + y * y <= 4) {
            double t = x * x - y * y + cx;
            y = 2 * x * y + cy;
            x = t;
            n++;
          }
          sum += n;
        }
      return sum;
    }
  ]]
  function rows(lo, hi)
    total:fetch_add(k.rows(WIDTH, HEIGHT, TURNS, lo, hi + 1))
  end
else
  function rows(lo, hi)
    local sum = 0
    for j = lo, hi do
      for i = 0, WIDTH - 1 do
        local cx, cy = 3.0 * i / WIDTH - 2.1, 2.0 * j / HEIGHT - 1
        local x, y, n = 0.0, 0.0, 0
        while n < TURNS and x * x + y * y <= 4 do
          x, y = x * x - y * y + cx, 2 * x * y + cy
          n = n + 1
        end
        sum = sum + n
      end
    end
    total:fetch_add(sum)
  end
end

local t = now()
if arg[1] == "kernel" then
  threading.parallel_for(0, HEIGHT - 1, rows, { parts = 20 })
else
  rows(0, HEIGHT - 1)
end
t = now() - t
assert(total.value > 0)
io.stderr:write(arg[2] == "-v" and total.value .. "\n" or "")
print(t)
