/* testing: see testing.h. */
#include "testing.h"

#if defined(THREADING_TESTING)

#include <lauxlib.h>
#include <stdlib.h>

static atomic_int every;

int thr_testing_every(void) {
  return atomic_load_explicit(&every, memory_order_relaxed);
}

/* --- the Lua face --- */

/* _testing.preempt_every([n]) -> what it was */
static int preempt_every(lua_State *L) {
  lua_Integer n = luaL_optinteger(L, 1, every);
  luaL_argcheck(L, n >= 0 && n <= 1 << 20, 1, "out of range");
  lua_pushinteger(L, atomic_exchange(&every, (int)n));
  return 1;
}

/* The environment speaks for programs that know nothing of this. */
static void read_environment(void) {
  const char *n = getenv("THREADING_PREEMPT_EVERY");
  if (n) every = atoi(n);
}

static thr_once once = THR_ONCE_INIT;

void thr_testing_open(lua_State *L) {
  static const luaL_Reg functions[] = {{"preempt_every", preempt_every},
                                       {NULL, NULL}};
  thr_os_once(&once, read_environment);
  luaL_newlib(L, functions);
  lua_setfield(L, -2, "_testing");
}

#endif
