-- compile.lua PROGRAM compiled|lua|kernel: one of bench/programs.lua, compiled,
-- interpreted, or the same C in a kernel; seconds of processor time.
--
-- The C asks threading_stopping() in outer loops only, as one writes it where
-- each inner loop is short. compile.jit has the same programs for LuaJIT.
local threading = require "threading"
local time = require "threading.time"
local Array = threading.Array

local function filled(n, value)
  local a = Array("float64", n)
  a:fill(value)
  return a
end

-- The Sun and four bodies about it, at rest together.
local function bodies()
  local p = Array("float64", { 0, 0, 0, 4.84, -1.16, -0.1, 8.34, 4.12, -0.4,
    12.9, -15.1, -0.22, 15.4, -25.9, 0.18 })
  local v = Array("float64", { 0, 0, 0, 0.61, 2.81, -0.025, -1.01, 1.82, 0.008,
    1.08, 0.87, -0.011, 0.98, 0.59, -0.035 })
  return p, v, Array("float64", { 39.5, 0.038, 0.011, 0.0017, 0.002 })
end

-- Arguments of each program; the same in C; and the call of that.
local programs = {}

programs.xor = { function()
  return 20000000
end, [[
  int64_t run(int64_t n) {
    int64_t x = 0;
    for (int64_t i = 1; i <= n; i++) x ^= 1;
    return x;
  }]] }

programs.mandelbrot = { function()
  return 240, 160, 200
end, [[
  int64_t run(int64_t w, int64_t h, int64_t turns) {
    int64_t sum = 0;
    for (int64_t j = 0; j < h && !threading_stopping(); j++)
      for (int64_t i = 0; i < w; i++) {
        double cx = 3.0 * i / w - 2.1, cy = 2.0 * j / h - 1, x = 0, y = 0;
        int64_t n = 0;
        while (n < turns && x * x + y * y <= 4) {
          double t = x * x - y * y + cx;
          y = 2 * x * y + cy, x = t, n++;
        }
        sum += n;
      }
    return sum;
  }]] }

programs.nbody = { function()
  local p, v, mass = bodies()
  return p, v, mass, 20000
end, [[
  #include <math.h>
  static void advance(double *p, double *v, double *mass, int64_t n,
                      double dt) {
    for (int64_t i = 0; i < n; i++) {
      double *a = v + 3 * i, x = p[3 * i], y = p[3 * i + 1], z = p[3 * i + 2];
      for (int64_t j = i + 1; j < n; j++) {
        double *b = v + 3 * j;
        double dx = x - p[3 * j], dy = y - p[3 * j + 1], dz = z - p[3 * j + 2];
        double d2 = dx * dx + dy * dy + dz * dz;
        double mag = dt / (d2 * sqrt(d2)), m = mass[j] * mag;
        a[0] -= dx * m, a[1] -= dy * m, a[2] -= dz * m;
        m = mass[i] * mag;
        b[0] += dx * m, b[1] += dy * m, b[2] += dz * m;
      }
    }
    for (int64_t i = 0; i < 3 * n; i++) p[i] += dt * v[i];
  }
  static double square(double x) { return x * x; }
  static double energy(double *p, double *v, double *mass, int64_t n) {
    double e = 0;
    for (int64_t i = 0; i < n; i++) {
      e += mass[i] * (square(v[3 * i]) + square(v[3 * i + 1])
                      + square(v[3 * i + 2])) / 2;
      for (int64_t j = i + 1; j < n; j++)
        e -= mass[i] * mass[j] / sqrt(square(p[3 * i] - p[3 * j])
          + square(p[3 * i + 1] - p[3 * j + 1])
          + square(p[3 * i + 2] - p[3 * j + 2]));
    }
    return e;
  }
  double run(int64_t n, int64_t steps, double *p, double *v, double *mass) {
    for (int64_t i = 0; i < steps && !threading_stopping(); i++)
      advance(p, v, mass, n, 0.01);
    return energy(p, v, mass, n);
  }]], function(k, p, v, mass, steps)
    return k.run(#mass, steps, p, v, mass)
  end }

programs.sieve = { function()
  return Array("uint8", 2000000)
end, [[
  int64_t run(size_t n, uint8_t composite[n]) {
    int64_t count = 0;
    for (size_t i = 2; i <= n; i++)
      if (!composite[i - 1]) {
        count++;
        for (size_t j = i * i; j <= n; j += i) composite[j - 1] = 1;
      }
    return count;
  }]], function(k, a)
    return k.run(#a, a)
  end }

programs.fannkuch = { function()
  return 9, Array("int32", 10), Array("int32", 10), Array("int32", 10)
end, [[
  int64_t run(int64_t n, int32_t *p, int32_t *q, int32_t *s) {
    int64_t sign = 1, most = 0, sum = 0;
    p--, q--, s--;
    for (int64_t i = 1; i <= n; i++) p[i] = q[i] = s[i] = (int32_t)i;
    while (!threading_stopping()) {
      int64_t q0 = p[1];
      if (q0 != 1) {
        for (int64_t i = 2; i <= n; i++) q[i] = p[i];
        int64_t flips = 1;
        for (;; flips++) {
          int64_t qq = q[q0];
          if (qq == 1) {
            sum += sign * flips;
            if (flips > most) most = flips;
            break;
          }
          q[q0] = (int32_t)q0;
          if (q0 >= 4) {
            int64_t i = 2, j = q0 - 1;
            do {
              int32_t t = q[i];
              q[i++] = q[j], q[j--] = t;
            } while (i < j);
          }
          q0 = qq;
        }
      }
      int64_t first = sign == 1 ? 1 : 2;
      int32_t t = p[first];
      p[first] = p[first + 1], p[first + 1] = t;
      sign = -sign;
      for (int64_t i = 3; sign == 1 && i <= n; i++) {
        int32_t sx = s[i];
        if (sx != 1) {
          s[i] = sx - 1;
          break;
        }
        if (i == n) return sum;
        s[i] = (int32_t)i;
        t = p[1];
        for (int64_t j = 1; j <= i; j++) p[j] = p[j + 1];
        p[i + 1] = t;
      }
    }
    return sum;
  }]] }

programs.spectral = { function()
  return Array("float64", 240), Array("float64", 240), Array("float64", 240)
end, [[
  #include <math.h>
  static double A(int64_t i, int64_t j) {
    int64_t ij = i + j - 1;
    return 1.0 / ((double)(ij * (ij - 1)) * 0.5 + (double)i);
  }
  static void times(double *x, double *y, int64_t n) {
    for (int64_t i = 1; i <= n; i++) {
      double a = 0;
      for (int64_t j = 1; j <= n; j++) a += x[j - 1] * A(i, j);
      y[i - 1] = a;
    }
  }
  static void times_transposed(double *x, double *y, int64_t n) {
    for (int64_t i = 1; i <= n; i++) {
      double a = 0;
      for (int64_t j = 1; j <= n; j++) a += x[j - 1] * A(j, i);
      y[i - 1] = a;
    }
  }
  double run(int64_t n, double *u, double *v, double *t) {
    double vBv = 0, vv = 0;
    for (int64_t i = 0; i < n; i++) u[i] = 1;
    for (int i = 0; i < 10 && !threading_stopping(); i++) {
      times(u, t, n);
      times_transposed(t, v, n);
      times(v, t, n);
      times_transposed(t, u, n);
    }
    for (int64_t i = 0; i < n; i++) vBv += u[i] * v[i], vv += v[i] * v[i];
    return sqrt(vBv / vv);
  }]], function(k, u, v, t)
    return k.run(#u, u, v, t)
  end }

programs.fib = { function()
  return 27
end, [[
  static int64_t fib(int64_t n) {
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
  }
  int64_t run(int64_t n) { return fib(n); }]] }

programs.matmul = { function()
  local n <const> = 160
  return filled(n * n, 0.5), filled(n * n, 0.5), filled(n * n, 0), n
end, [[
  double run(int64_t n, double *a, double *b, double *c) {
    for (int64_t i = 0; i < n && !threading_stopping(); i++)
      for (int64_t j = 0; j < n; j++) {
        double sum = 0;
        for (int64_t k = 0; k < n; k++) sum += a[i * n + k] * b[k * n + j];
        c[i * n + j] = sum;
      }
    return c[0];
  }]], function(k, a, b, c, n)
    return k.run(n, a, b, c)
  end }

programs.sum = { function()
  return filled(4000000, 0.5)
end, [[
  double run(size_t n, const double a[n]) {
    double s = 0;
    for (size_t i = 0; i < n; i++) s += a[i];
    return s;
  }]], function(k, a)
    return k.run(#a, a)
  end }

programs.collatz = { function()
  return 60000
end, [[
  int64_t run(int64_t limit) {
    int64_t best = 1, longest = 1;
    for (int64_t start = 1; start <= limit; start++) {
      int64_t n = start, length = 1;
      for (; n != 1; length++)
        n = (n & 1) == 0 ? n >> 1 : 3 * n + 1;
      if (length > longest) best = start, longest = length;
    }
    return best;
  }]] }

local name, way = arg[1], arg[2]
local arguments, source, call = table.unpack(programs[name])
local f = dofile "bench/programs.lua"[name]
if way == "compiled" then
  f = threading.compile(f)
elseif way == "kernel" then
  local k = threading.kernel(source)
  f = call and function(...)
    return call(k, ...)
  end or k.run
end

-- The best of a few: what disturbs a program makes it slower, never faster.
-- The interpreter, the slowest, need not be repeated.
local least, result = math.huge, nil
for i = 0, way == "lua" and 1 or 5 do
  local list = table.pack(arguments())
  local t = time.thread_time()
  result = f(table.unpack(list))
  if i > 0 or way == "lua" then
    least = math.min(least, time.thread_time() - t)
  end
end
io.stderr:write(arg[3] == "-v" and result .. "\n" or "")
print(least)
