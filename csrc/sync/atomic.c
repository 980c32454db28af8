/* atomic: see atomic.h. */
#include "sync/atomic.h"

#include <lauxlib.h>

#include "bind/args.h"
#include "bind/self.h"
#include "gil/preempt.h"
#include "os/tuning.h"
#include "warn/told.h"

static const char *const atomic = "threading.atomic"; /* metatable */

typedef struct {
  uint64_t host; /* thr_ts_lua.host before */
  int64_t since; /* under THREADING_DEBUG: when it began */
} section;

static void tell_long(lua_State *L, int64_t length) {
  thr_where where;
  thr_told_place(L, &where);
  thr_told("atomic", &where,
           "'atomic' at %s:%d kept the other threads from running for %d ms: "
           "do less in it",
           where.file, where.line, (int)(length / (THR_SECOND / 1000)));
}

/* A thread that has asked for the global lock meanwhile asks ever more rarely:
** it is met now. */
static int atomic_close(lua_State *L) {
  thr_tstate *ts = thr_self(L);
  const section *s = luaL_checkudata(L, 1, atomic);
  bool asked = ts->rt->gil.drop;
  ts->lua.host = s->host;
  int64_t length = s->since ? thr_os_monotonic() - s->since : 0;
  if (asked && length > THR_KEPT) tell_long(L, length);
  if (asked && thr_whose_isown(ts)) thr_preempt_arm(ts);
  return 0;
}

/* fn may not yield: who resumes it would be in the section, too. */
int thr_atomic(lua_State *L) {
  thr_args_callable(L, 1, "fn");
  thr_tstate *ts = thr_self(L);
  int nargs = lua_gettop(L) - 1;
  section *s = lua_newuserdatauv(L, sizeof(*s), 0);
  s->host = ts->lua.host;
  s->since = thr_os_debugs() ? thr_os_monotonic() : 0;
  luaL_setmetatable(L, atomic);
  lua_insert(L, 1);
  lua_toclose(L, 1);
  if (ts->lua.host == 0) ts->lua.host = THR_WHOSE_ATOMIC;
  lua_call(L, nargs, LUA_MULTRET);
  return lua_gettop(L) - 1;
}

void thr_atomic_open(lua_State *L) {
  luaL_newmetatable(L, atomic);
  lua_pushcfunction(L, atomic_close);
  lua_setfield(L, -2, "__close");
  lua_pop(L, 1);
}
