-- One idea: random numbers on every core, each part with a generator of its
-- own. `lua montecarlo.lua [millions]` estimates pi by points in a square.

local threading = require "threading"

local points <const> = 1000000
  * (math.tointeger(arg[1] or 200) or error "usage: montecarlo.lua [millions]")

local k = threading.kernel [[
  /* splitmix64: seeds next to each other give independent numbers */
  static uint64_t next(uint64_t *state) {
    uint64_t z = (*state += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  /* Of n points, how many are in the circle. */
  int64_t hits(int64_t n, uint64_t seed) {
    int64_t inside = 0;
    uint64_t state = next(&seed);
    for (int64_t i = 0; i < n; i++) {
      if (i % 65536 == 0 && threading_stopping()) break;
      double x = (double)(next(&state) >> 11) * 0x1p-53;
      double y = (double)(next(&state) >> 11) * 0x1p-53;
      inside += x * x + y * y < 1;
    }
    return inside;
  }
]]

local inside = threading.Value "int64"
threading.parallel_for(1, points, function(lo, hi)
  inside:fetch_add(k.hits(hi - lo + 1, lo))
end)
print(("pi is about %.5f, from %d points on %d cores"):format(
  4 * inside.value / points, points, threading.cpu_count()))
