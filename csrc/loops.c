/*
** threading.loops: two compute-heavy loops in C, without the global lock.
**
** Written with nothing but threading.h, as a model for loops of your own.
*/
/***
Two loops in C, without the global lock.
@module threading.loops
@usage
local threading = require "threading"
local loops = require "threading.loops"

local t = threading.Thread { target = loops.spin, args = { 0.01 } }
t:start() -- keeps a core busy, without the global lock
t:join()
*/
#define _POSIX_C_SOURCE 200809L

#include <lauxlib.h>
#include <lua.h>
#include <math.h>
#include <time.h>

#include "threading.h"

/* A load and a store that the compiler may neither leave out nor tear, and
** that are as unordered as plain memory. */
#define LOAD(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define STORE(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)

#define TURNS_PER_LOOK 65536 /* how often a loop asks whether to stop */
#define MAX_SECONDS 9223372036.0 /* threading.TIMEOUT_MAX */

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

/* "name: what expected, got ...", with the number itself, or a type. */
static void unexpected(lua_State *L, int arg, const char *what) {
  const char *got = luaL_typename(L, arg);
  if (lua_type(L, arg) == LUA_TNUMBER) got = luaL_tolstring(L, arg, NULL);
  else if (luaL_getmetafield(L, arg, "__name") == LUA_TSTRING)
    got = lua_tostring(L, -1);
  lua_pushfstring(L, "%s expected, got %s", what, got);
  luaL_argerror(L, arg, lua_tostring(L, -1));
}

static lua_Number checknumber(lua_State *L, int arg, const char *what) {
  if (lua_type(L, arg) != LUA_TNUMBER) unexpected(L, arg, what);
  return lua_tonumber(L, arg);
}

/* 2.0 is one, too. */
static lua_Integer checkinteger(lua_State *L, int arg, const char *what) {
  int is;
  lua_Integer n = lua_tointegerx(L, arg, &is);
  if (lua_type(L, arg) != LUA_TNUMBER || !is) unexpected(L, arg, what);
  return n;
}

static void check_balance(lua_State *L, job *j) {
  const threading_api *api = need_api(L);
  j->i = api->toint64(L, 1);
  j->d = api->tofloat64(L, 1);
  if (!j->i && !j->d) unexpected(L, 1, "balance: int64 or float64 Value");
}

static job check_job(lua_State *L) {
  job j = {NULL, NULL, 0, 0, 0, NULL};
  check_balance(L, &j);
  if (j.i) j.ni = checkinteger(L, 2, "n: integer");
  else j.nd = checknumber(L, 2, "n: number");
  j.times = checkinteger(L, 3, "times: integer");
  luaL_argcheck(L, j.times >= 0, 3, "times: must not be negative");
  if (lua_isnoneornil(L, 4)) return j;
  j.lock = need_api(L)->tolock(L, 4);
  if (!j.lock) unexpected(L, 4, "lock: threading.Lock");
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
@tparam number n what is added and subtracted
@tparam integer times how often
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

/* When to stop: never if both are empty. */
typedef struct {
  double end; /* on the clock; HUGE_VAL: none */
  const threading_api *api;
  threading_event *event; /* or NULL */
} until;

static until check_until(lua_State *L, int arg) {
  until u = {HUGE_VAL, threading_getapi(L), NULL};
  if (lua_isnoneornil(L, arg)) return u;
  if (u.api) u.event = u.api->toevent(L, arg);
  if (u.event) return u;
  double seconds = checknumber(L, arg, "stop: number of seconds or Event");
  luaL_argcheck(L, seconds >= 0, arg, "stop: must not be negative or NaN");
  luaL_argcheck(L, seconds <= MAX_SECONDS || seconds == HUGE_VAL, arg,
                "stop: is too large");
  u.end = now() + seconds;
  return u;
}

static int is_over(const until *u) {
  if (u->event) return u->api->event_isset(u->event);
  return u->end != HUGE_VAL && now() >= u->end;
}

/***
The endless loop `x = x ^ 1`.
@function spin
@tparam[opt] number|Event stop how many seconds, or the Event that ends it
when it is set; for ever without it
@treturn integer the number of turns
@raise if the seconds are not valid (as a timeout), or it is no Event either
*/
static int loops_spin(lua_State *L) {
  until u = check_until(L, 1);
  lua_Integer turns = 0;
  volatile int x = 0;
  THREADING_BEGIN_NOGIL(L)
  while (!THREADING_STOPPING(L) && !is_over(&u)) {
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
