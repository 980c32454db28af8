/*
** threading.loops: two compute-heavy loops in C, without the global lock.
**
** Written with nothing but threading.h, as a model for loops of your own.
*/
/***
Two loops in C, without the global lock.
@module threading.loops
*/
#define _POSIX_C_SOURCE 200809L

#include <lauxlib.h>
#include <lua.h>
#include <time.h>

#include "threading.h"

/* A load and a store that the compiler may neither leave out nor tear, and
** that are as unordered as plain memory. */
#define LOAD(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define STORE(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)

#define TURNS_PER_LOOK 65536 /* how often a loop asks whether to stop */

static void change_int64(int64_t *balance, int64_t n) {
  STORE(balance, (int64_t)((uint64_t)LOAD(balance) + (uint64_t)n));
  STORE(balance, (int64_t)((uint64_t)LOAD(balance) - (uint64_t)n));
}

static void change_float64(double *balance, double n) {
  double d;
  __atomic_load(balance, &d, __ATOMIC_RELAXED);
  d += n;
  __atomic_store(balance, &d, __ATOMIC_RELAXED);
  __atomic_load(balance, &d, __ATOMIC_RELAXED);
  d -= n;
  __atomic_store(balance, &d, __ATOMIC_RELAXED);
}

static const threading_api *need_api(lua_State *L) {
  const threading_api *api = threading_getapi(L);
  if (!api) luaL_error(L, "require \"threading\" first");
  return api;
}

typedef struct {
  int64_t *i; /* one of both */
  double *d;
  int64_t ni;
  double nd;
  lua_Integer times;
  threading_lock *lock; /* or NULL */
} job;

static lua_Integer checkinteger(lua_State *L, int arg, const char *what) {
  if (lua_type(L, arg) != LUA_TNUMBER || !lua_isinteger(L, arg))
    luaL_argerror(L, arg, what);
  return lua_tointeger(L, arg);
}

static job check_job(lua_State *L) {
  const threading_api *api = need_api(L);
  job j = {api->toint64(L, 1), api->tofloat64(L, 1), 0, 0, 0, NULL};
  luaL_argcheck(L, j.i || j.d, 1, "balance: int64 or float64 Value expected");
  if (j.i) j.ni = checkinteger(L, 2, "n: integer expected");
  luaL_argcheck(L, lua_type(L, 2) == LUA_TNUMBER, 2, "n: number expected");
  j.nd = lua_tonumber(L, 2);
  j.times = checkinteger(L, 3, "times: integer expected");
  luaL_argcheck(L, j.times >= 0, 3, "times: must not be negative");
  if (lua_isnoneornil(L, 4)) return j;
  j.lock = api->tolock(L, 4);
  luaL_argcheck(L, j.lock, 4, "lock: threading.Lock expected");
  return j;
}

/* Returns how many changes were made. */
static lua_Integer run(threading_nogil threading_nogil_, const job *j) {
  for (lua_Integer i = 0; i < j->times; i++) {
    if (i % TURNS_PER_LOOK == 0 && THREADING_STOPPING(L)) return i;
    if (j->lock && !THREADING_LOCK(L, j->lock)) return i;
    if (j->i) change_int64(j->i, j->ni);
    else change_float64(j->d, j->nd);
    if (j->lock) THREADING_UNLOCK(L, j->lock);
  }
  return j->times;
}

/***
The race of two threads: adds `n` to the balance and subtracts it again,
`times` times, each a load and a store of its own.
@function change
@tparam Value balance an int64 or float64 Value
@tparam number n
@tparam integer times
@tparam[opt] Lock lock acquired around each change
@treturn integer the number of changes made; less than `times` only when the
thread is told to stop
@raise if an argument is of the wrong type, or times is negative
*/
static int loops_change(lua_State *L) {
  job j = check_job(L);
  lua_Integer made;
  THREADING_BEGIN_NOGIL(L)
  made = run(threading_nogil_, &j);
  THREADING_END_NOGIL(L)
  lua_pushinteger(L, made);
  return 1;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/***
The endless loop `x = x ^ 1`.
@function spin
@tparam[opt] number seconds how long; for ever without it
@treturn integer the number of turns
@raise if the seconds are negative, NaN or no number
*/
static int loops_spin(lua_State *L) {
  int forever = lua_isnoneornil(L, 1);
  double seconds = 0;
  if (!forever) {
    luaL_argcheck(L, lua_type(L, 1) == LUA_TNUMBER, 1,
                  "seconds: number expected");
    seconds = lua_tonumber(L, 1);
    luaL_argcheck(L, seconds >= 0, 1, "seconds: must not be negative or NaN");
  }
  double end = now() + seconds;
  lua_Integer turns = 0;
  volatile int x = 0;
  THREADING_BEGIN_NOGIL(L)
  while (!THREADING_STOPPING(L) && (forever || now() < end)) {
    for (int i = 0; i < TURNS_PER_LOOK; i++) x = x ^ 1;
    turns += TURNS_PER_LOOK;
  }
  THREADING_END_NOGIL(L)
  lua_pushinteger(L, turns);
  return 1;
}

int luaopen_threading_loops(lua_State *L);

#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
int luaopen_threading_loops(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"change", loops_change}, {"spin", loops_spin}, {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
