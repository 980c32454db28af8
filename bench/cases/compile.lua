-- compile.lua PROGRAM compiled|lua|kernel: one of the programs below, compiled,
-- interpreted, or the same in a kernel; seconds of processor time.
--
-- The C asks threading_stopping() in outer loops only, as one writes it where
-- each inner loop is short. compile.jit has the same programs for LuaJIT.
local threading = require "threading"
local time = require "threading.time"
local Array = threading.Array

local programs = {}

-- The document's loop.
function programs.xor()
  local function run(n)
    local x = 0
    for _ = 1, n do
      x = x ~ 1
    end
    return x
  end
  return run, { 20000000 }, [[
    int64_t run(int64_t n) {
      int64_t x = 0;
      for (int64_t i = 1; i <= n; i++) {
        x ^= 1;
        __asm__("" : "+r"(x));
      }
      return x;
    }]]
end

function programs.mandelbrot()
  local function run(w, h, turns)
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
  return run, { 240, 160, 200 }, [[
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
    }]]
end

function programs.sieve()
  local function run(composite)
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
  return run, function()
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
  end
end

function programs.spectral()
  local function A(i, j)
    local ij = i + j - 1
    return 1.0 / (ij * (ij - 1) * 0.5 + i)
  end
  local function run(x, y)
    local n = #x
    for i = 1, n do
      local a = 0
      for j = 1, n do
        a = a + x[j] * A(i, j)
      end
      y[i] = a
    end
    return y[n]
  end
  return run, function()
    local x = Array("float64", 1500)
    x:fill(1)
    return x, Array("float64", 1500)
  end, [[
    static double A(int64_t i, int64_t j) {
      int64_t ij = i + j - 1;
      return 1.0 / ((double)(ij * (ij - 1)) * 0.5 + (double)i);
    }
    double run(int64_t n, double x[n], double y[n]) {
      for (int64_t i = 1; i <= n && !threading_stopping(); i++) {
        double a = 0;
        for (int64_t j = 1; j <= n; j++) a += x[j - 1] * A(i, j);
        y[i - 1] = a;
      }
      return y[n - 1];
    }]], function(k, x, y)
    return k.run(#x, x, y)
  end
end

function programs.fib()
  local function run(n)
    if n < 2 then
      return n
    end
    return run(n - 1) + run(n - 2)
  end
  return run, { 27 }, [[
    static int64_t fib(int64_t n) {
      return n < 2 ? n : fib(n - 1) + fib(n - 2);
    }
    int64_t run(int64_t n) { return fib(n); }]]
end

function programs.matmul()
  local function run(a, b, c, n)
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
  return run, function()
    local n = 160
    local function matrix()
      local a = Array("float64", n * n)
      a:fill(0.5)
      return a
    end
    return matrix(), matrix(), matrix(), n
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
  end
end

function programs.sum()
  local function run(a)
    local s = 0
    for i = 1, #a do
      s = s + a[i]
    end
    return s
  end
  return run, function()
    local a = Array("float64", 4000000)
    a:fill(0.5)
    return a
  end, [[
    double run(size_t n, const double a[n]) {
      double s = 0;
      for (size_t i = 0; i < n; i++) s += a[i];
      return s;
    }]], function(k, a)
    return k.run(#a, a)
  end
end

function programs.collatz()
  local function run(limit)
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
    return best
  end
  return run, { 60000 }, [[
    int64_t run(int64_t limit) {
      int64_t best = 1, longest = 1;
      for (int64_t start = 1; start <= limit; start++) {
        int64_t n = start, length = 1;
        for (; n != 1; length++)
          n = (n & 1) == 0 ? n >> 1 : 3 * n + 1;
        if (length > longest) best = start, longest = length;
      }
      return best;
    }]]
end

local run, arguments, source, call = programs[arg[1]]()
local f = run
if arg[2] == "compiled" then
  f = threading.compile(run)
elseif arg[2] == "kernel" then
  local k = threading.kernel(source)
  f = call and function(...)
    return call(k, ...)
  end or k.run
end

local function pack()
  if type(arguments) == "function" then
    return table.pack(arguments())
  end
  return arguments
end

-- The best of a few: what disturbs a program makes it slower, never faster.
-- The interpreter, the slowest, need not be repeated.
local least, result = math.huge, nil
for i = 0, arg[2] == "lua" and 1 or 5 do
  local list = pack()
  local t = time.thread_time()
  result = f(table.unpack(list))
  if i > 0 or arg[2] == "lua" then
    least = math.min(least, time.thread_time() - t)
  end
end
io.stderr:write(arg[3] == "-v" and result .. "\n" or "")
print(least)
