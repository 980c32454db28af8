-- One idea: large data in an Array, shared by all threads, and one result for
-- each part, so that no thread waits for another. `lua histogram.lua [n]`
-- counts and sorts n random numbers; 100000000 of them take 800 MB.

local threading = require "threading"
local time = require "threading.time"

local n <const> = math.tointeger(arg[1] or 20000000)
  or error "usage: histogram.lua [n]"
local BINS <const> = 65536
local cores <const> = threading.cpu_count()

local k = threading.kernel [[
  void fill(int64_t n, uint32_t data[n], int64_t lo, int64_t hi) {
    for (int64_t i = lo; i < hi; i++) {
      uint64_t z = (uint64_t)(i + 1) * 0x9e3779b97f4a7c15;
      z = (z ^ (z >> 32)) * 0xd6e8feb86659fd93;
      data[i] = (uint32_t)(z >> 32);
    }
  }

  /* How many numbers begin with these 16 bits: a row of counts for a part. */
  void count(int64_t n, const uint32_t data[n], int64_t lo, int64_t hi,
             int bins, int part, int64_t counts[part + 1][bins]) {
    for (int64_t i = lo; i < hi; i++) counts[part][data[i] >> 16]++;
  }

  /* Puts a part's numbers into their bins; `places` tells where each of its
     bins goes on. */
  void scatter(int64_t n, const uint32_t data[n], uint32_t sorted[n],
               int64_t lo, int64_t hi,
               int bins, int part, int64_t places[part + 1][bins]) {
    for (int64_t i = lo; i < hi; i++)
      sorted[places[part][data[i] >> 16]++] = data[i];
  }

  static void insertion(uint32_t *x, int64_t n) {
    for (int64_t i = 1; i < n; i++) {
      uint32_t v = x[i];
      int64_t j = i;
      for (; j > 0 && x[j - 1] > v; j--) x[j] = x[j - 1];
      x[j] = v;
    }
  }

  static void quick(uint32_t *x, int64_t n) {
    while (n > 24) {
      uint32_t pivot = x[n / 2];
      int64_t i = 0, j = n - 1;
      for (;;) {
        while (x[i] < pivot) i++;
        while (x[j] > pivot) j--;
        if (i >= j) break;
        uint32_t v = x[i];
        x[i++] = x[j];
        x[j--] = v;
      }
      quick(x + j + 1, n - j - 1);
      n = j + 1;
    }
    insertion(x, n);
  }

  /* Sorts each of the bins from lo to hi. */
  void sort(int64_t n, uint32_t sorted[n], int bins,
            const int64_t starts[bins + 1], int lo, int hi) {
    for (int b = lo; b < hi && !threading_stopping(); b++)
      quick(sorted + starts[b], starts[b + 1] - starts[b]);
  }

  int is_sorted(int64_t n, const uint32_t data[n]) {
    for (int64_t i = 1; i < n; i++)
      if (data[i - 1] > data[i]) return 0;
    return 1;
  }
]]

local function timed(what, fn, ...)
  local start = time.monotonic()
  fn(...)
  print(("%-9s %.2f s"):format(what, time.monotonic() - start))
end

-- Calls fn(part, lo, hi) for as many parts of the data as there are cores; lo
-- counts from 0 and hi does not belong to it.
local function each_part(fn)
  threading.parallel_for(0, cores - 1, function(part)
    fn(part, n * part // cores, n * (part + 1) // cores)
  end)
end

local data, sorted = threading.Array("uint32", n), threading.Array("uint32", n)
local counts = threading.Array("int64", cores * BINS)
local starts = threading.Array("int64", BINS + 1)

-- Where each part's numbers of each bin begin, instead of how many there are.
local function accumulate()
  local at = 0
  for bin = 1, BINS do
    starts[bin] = at
    for part = 0, cores - 1 do
      local i = part * BINS + bin
      local here = counts[i]
      counts[i] = at
      at = at + here
    end
  end
  starts[BINS + 1] = at
end

print(("%d numbers on %d cores"):format(n, cores))
timed("fill", each_part, function(_, lo, hi)
  k.fill(n, data, lo, hi)
end)
timed("histogram", each_part, function(part, lo, hi)
  k.count(n, data, lo, hi, BINS, part, counts)
end)
timed("places", accumulate)
timed("scatter", each_part, function(part, lo, hi)
  k.scatter(n, data, sorted, lo, hi, BINS, part, counts)
end)
timed("sort", threading.parallel_for, 0, BINS - 1, function(lo, hi)
  k.sort(n, sorted, BINS, starts, lo, hi + 1)
end, { parts = 64 })
assert(k.is_sorted(n, sorted) == 1)
if n == 0 then
  return
end
print(("least %d, median %d, most %d"):format(sorted[1], sorted[(n + 1) // 2],
  sorted[n]))
