-- The C text of Lua's arithmetic, in front of each compiled unit. What the
-- interpreter defines by wrapping, flooring or comparing exactly is so here.

return [[
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define MAYBE __attribute__((unused)) static inline

/* To read <math.h> takes a tenth of the time of a small function. */
double acos(double), asin(double), atan2(double, double), ceil(double);
double cos(double), exp(double), fabs(double), floor(double);
double fmod(double, double), log(double), log10(double), log2(double);
double pow(double, double), sin(double), sqrt(double), tan(double);
#define NAN __builtin_nan("")
#define INFINITY __builtin_inf()

/* Raises the error of a site, with three values of some kinds: a float is in
** x, y or z, others are in i, j or k.  They go in registers: with many sites,
** what is passed in memory takes the C compiler long. */
#define KINDS(a, b, c) ((a) | (b) << 8 | (c) << 16)
#define NO_VALUES KINDS('n', 'n', 'n'), 0, 0, 0, 0, 0, 0

MAYBE threading_val value_of(int kind, int64_t i, double x) {
  threading_val v = {.kind = (char)kind};
  if (kind == 'f') v.u.d = x;
  else if (kind == 'i' || kind == 'b') v.u.i = i;
  else v.u.p = (void *)(intptr_t)i;
  return v;
}

__attribute__((unused, noinline, cold, noreturn)) static void
raise_at(threading_run *run, int site, int kinds, int64_t i, int64_t j,
         int64_t k, double x, double y, double z) {
  threading_val a = value_of(kinds & 0xFF, i, x);
  threading_val b = value_of(kinds >> 8 & 0xFF, j, y);
  run->out[0] = value_of(kinds >> 16, k, z);
  run->fail(run, site, &a, &b);
  __builtin_unreachable();
}

/* A poll stands for how long the code may run until the next: a call, or turns
** of a loop. */
#define POLL() threading_poll(run, 1)
#define LOOP_POLL() threading_poll(run, 16)

#define STRIP 4096 /* turns of a loop between two polls */

/* Now the C compiler knows no bounds of a variable. Where it knows that a strip
** has few turns, gcc counts them in 32 bits, and processors that need no time
** to add 1 in 64 bits take a quarter longer for the shortest loops. */
#define ANY(x) __asm__("" : "+r"(x))

#define COUNTED_POLL()            \
  do {                            \
    if (UNLIKELY(--turns <= 0)) { \
      turns = STRIP;              \
      LOOP_POLL();                \
    }                             \
  } while (0)

/* Calls may go round, as loops do. */
#define STACK(site)                                                     \
  do {                                                                  \
    POLL();                                                             \
    if (UNLIKELY((char *)__builtin_frame_address(0) < run->stack_limit)) \
      raise_at(run, (site), NO_VALUES);                                 \
  } while (0)

/* Numbers of Arrays and Values, which other threads read and write: each is
** one access, not repeated and not left out. Compilers give a volatile access
** of at most a register the code of a relaxed atomic, and better, as gcc takes
** atomic floats through integer registers; a longer one would be two.
** ThreadSanitizer takes it for a race. */
#if UINTPTR_MAX > UINT32_MAX && !defined(__SANITIZE_THREAD__)
#define LOAD(T, place) (*(volatile T *)(place))
#define STORE(T, place, x) (*(volatile T *)(place) = (T)(x))
#else
#define LOAD(T, place)                                  \
  __extension__({                                       \
    T e;                                                \
    __atomic_load((T *)(place), &e, __ATOMIC_RELAXED);  \
    e;                                                  \
  })
#define STORE(T, place, x)                              \
  do {                                                  \
    T e = (T)(x);                                       \
    __atomic_store((T *)(place), &e, __ATOMIC_RELAXED); \
  } while (0)
#endif

/* Not functions: there are many, and each that is inlined takes time. */
#define add_i(x, y) ((int64_t)((uint64_t)(x) + (uint64_t)(y)))
#define sub_i(x, y) ((int64_t)((uint64_t)(x) - (uint64_t)(y)))
#define mul_i(x, y) ((int64_t)((uint64_t)(x) * (uint64_t)(y)))
#define neg_i(x) ((int64_t)(0 - (uint64_t)(x)))

/* y is not 0. */
MAYBE int64_t idiv_i(int64_t x, int64_t y) {
  if (UNLIKELY(y == -1)) return neg_i(x);
  int64_t q = x / y;
  return q - ((x ^ y) < 0 && q * y != x);
}
MAYBE int64_t mod_i(int64_t x, int64_t y) {
  if (UNLIKELY(y == -1)) return 0;
  int64_t r = x % y;
  return r != 0 && (r ^ y) < 0 ? r + y : r;
}
MAYBE double idiv_f(double x, double y) { return floor(x / y); }
MAYBE double mod_f(double x, double y) {
  double r = fmod(x, y);
  if (r > 0 ? y < 0 : (r < 0 && y > 0)) r += y;
  return r;
}
MAYBE double pow_f(double x, double y) { return y == 2 ? x * x : pow(x, y); }

MAYBE int64_t shl_i(int64_t x, int64_t n) {
  if (n <= -64 || n >= 64) return 0;
  return (int64_t)(n < 0 ? (uint64_t)x >> -n : (uint64_t)x << n);
}
MAYBE int64_t shr_i(int64_t x, int64_t n) {
  if (n <= -64 || n >= 64) return 0;
  return (int64_t)(n < 0 ? (uint64_t)x << -n : (uint64_t)x >> n);
}

MAYBE double log_base(double x, double base) {
  if (base == 2) return log2(x);
  if (base == 10) return log10(x);
  return log(x) / log(base);
}

/* A float that is an integer's. */
MAYBE int to_i(double x, int64_t *i) {
  if (!(x >= -0x1p63 && x < 0x1p63)) return 0;
  *i = (int64_t)x;
  return (double)*i == x;
}

MAYBE int to_u(double x, int64_t *i) {
  if (to_i(x, i)) return 1;
  if (!(x >= 0x1p63 && x < 0x1p64)) return 0;
  *i = (int64_t)(uint64_t)x;
  return 1;
}
MAYBE int fits_float32(double x) {
  return !(fabs(x) > __FLT_MAX__) || __builtin_isinf(x);
}

/* Exact comparisons of integers with floats. */
MAYBE int eq_if(int64_t i, double f) {
  int64_t n;
  return to_i(f, &n) && n == i;
}
MAYBE int lt_if(int64_t i, double f) {
  if (f >= 0x1p63) return 1;
  return f > -0x1p63 ? i < (int64_t)ceil(f) : 0;
}
MAYBE int le_if(int64_t i, double f) {
  if (f >= 0x1p63) return 1;
  return f >= -0x1p63 ? i <= (int64_t)floor(f) : 0;
}
MAYBE int lt_fi(double f, int64_t i) {
  if (f >= 0x1p63) return 0;
  return f >= -0x1p63 ? (int64_t)floor(f) < i : f < -0x1p63;
}
MAYBE int le_fi(double f, int64_t i) {
  if (f >= 0x1p63) return 0;
  return f > -0x1p63 ? (int64_t)ceil(f) <= i : f <= -0x1p63;
}

/* The limit of a loop over integers, from a float; 0: it does not run. */
MAYBE int limit_f(double f, int64_t step, int64_t *limit) {
  double whole = step < 0 ? ceil(f) : floor(f);
  if (whole >= -0x1p63 && whole < 0x1p63) {
    *limit = (int64_t)whole;
    return 1;
  }
  if (f > 0) {
    *limit = INT64_MAX;
    return step > 0;
  }
  *limit = INT64_MIN;
  return step < 0;
}

/* Are the indices of a strip, from its first turn to its last, below n, which
** may be negative?  Those of the first two turns tell the step, which wraps
** around as the indices do: with so few turns of so small a step, none leaves
** the Array and comes back.  In unsigned numbers, gcc finds a constant step. */
#define MAX_STEP (UINT64_C(1) << 40)
MAYBE int spans(int64_t first, int64_t second, uint64_t turns, int64_t n) {
  uint64_t step = (uint64_t)second - (uint64_t)first;
  return n > 0 && (uint64_t)first < (uint64_t)n &&
         step + MAX_STEP < 2 * MAX_STEP &&
         (uint64_t)first + step * turns < (uint64_t)n;
}

/* Are the indices of a strip checked?  Between this and the check is a
** statement without an instruction: gcc makes one condition of two that have
** nothing between them, and then does not make a loop without checks. */
#define CHECKED(inside) \
  (UNLIKELY(!(inside)) && __extension__({ __asm__ volatile(""); 1; }))

/* How often a loop that runs comes back. */
MAYBE int64_t count_i(int64_t first, int64_t limit, int64_t step) {
  if (step > 0) {
    uint64_t n = (uint64_t)limit - (uint64_t)first;
    return (int64_t)(step == 1 ? n : n / (uint64_t)step);
  }
  uint64_t n = (uint64_t)first - (uint64_t)limit;
  return (int64_t)(n / ((uint64_t) - (step + 1) + 1u));
}
]]
