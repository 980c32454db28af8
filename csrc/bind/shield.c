/* shield: see shield.h. */
#include "bind/shield.h"

#include <lauxlib.h>

#include "bind/args.h"
#include "bind/pending.h"
#include "bind/self.h"
#include "gil/preempt.h"

static const char *const shield = "threading.shield"; /* metatable */

static int shield_close(lua_State *L) {
  thr_tstate *ts = thr_self(L);
  ts->asked.masked = *(unsigned *)luaL_checkudata(L, 1, shield);
  if (thr_tstate_asked(ts, THR_PENDING_AT_ONCE)) thr_preempt_arm(ts);
  return 0;
}

/* fn(...), while these bits are masked in the thread.  fn may not yield: the
** shield is the thread's, not the coroutine's. */
static int call_masked(lua_State *L, unsigned masked) {
  thr_tstate *ts = thr_self(L);
  int nargs = lua_gettop(L) - 1;
  unsigned *before = lua_newuserdatauv(L, sizeof(*before), 0);
  *before = ts->asked.masked;
  luaL_setmetatable(L, shield);
  lua_insert(L, 1);
  lua_toclose(L, 1);
  ts->asked.masked = masked;
  if (ts->asked.pending & THR_PENDING_CANCELS & ~masked)
    thr_pending_raise(L, ts);
  lua_call(L, nargs, LUA_MULTRET);
  return lua_gettop(L) - 1;
}

int thr_shield(lua_State *L) {
  thr_args_callable(L, 1, "fn");
  return call_masked(L, thr_self(L)->asked.masked | THR_PENDING_CANCELS);
}

int thr_shield_expose(lua_State *L) {
  return call_masked(L, thr_self(L)->asked.masked & ~THR_PENDING_CANCELS);
}

void thr_shield_open(lua_State *L) {
  luaL_newmetatable(L, shield);
  lua_pushcfunction(L, shield_close);
  lua_setfield(L, -2, "__close");
  lua_pop(L, 1);
}
