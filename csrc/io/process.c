/* process: see process.h. */
#include "io/process.h"

#include <lauxlib.h>

#include "bind/pending.h"
#include "gil/vclock.h"
#include "os/fault.h"
#include "os/tuning.h"

char **thr_process_checkargv(lua_State *L, int arg) {
  luaL_checktype(L, arg, LUA_TTABLE);
  lua_Unsigned n = lua_rawlen(L, arg);
  char **argv = lua_newuserdatauv(L, (n + 1) * sizeof(*argv), 0);
  for (lua_Unsigned i = 0; i < n; i++) {
    if (lua_rawgeti(L, arg, (lua_Integer)i + 1) != LUA_TSTRING)
      luaL_argerror(L, arg, "strings expected");
    argv[i] = (char *)lua_tostring(L, -1);
    lua_pop(L, 1);
  }
  argv[n] = NULL;
  luaL_argcheck(L, n > 0, arg, "empty");
  return argv;
}

int thr_process_wait(lua_State *L, thr_tstate *ts, thr_watch *watch,
                     int64_t deadline, const char *what) {
  thr_waiter w = thr_waiter_on(ts, watch, what);
  if (watch->fd >= 0) w = thr_waiter_onfd(ts, watch, what);
  thr_tstate_makebell(ts);
  return thr_pending_trydisturbed(L, thr_park(&w, deadline));
}

int thr_process_waitend(lua_State *L, thr_tstate *ts, thr_child *c,
                        int64_t deadline, int *status) {
  thr_watch watch = {.fd = c->end, .wanted = THR_IN};
  int64_t pause = THR_FIRST_LOOK;
  while (!thr_child_reap(c, status)) {
    int64_t now = thr_vclock_now(), until = deadline;
    if (thr_fault_now(now) >= deadline) return 0;
    if (watch.fd < 0 && deadline - pause > now) until = now + pause;
    if (thr_process_wait(L, ts, &watch, until, "program") < 0) return -1;
    pause = pause < THR_LAST_LOOK ? 2 * pause : pause;
  }
  return 1;
}

/* Until there is more of the output; false at the deadline. */
static bool wait_for_output(lua_State *L, thr_tstate *ts, int output,
                            int64_t deadline) {
  thr_watch watch = {.fd = output, .wanted = THR_IN};
  do {
    if (thr_fault_now(thr_vclock_now()) >= deadline) return false;
    if (thr_process_wait(L, ts, &watch, deadline, "program") < 0) lua_error(L);
  } while (!watch.ready);
  return true;
}

bool thr_process_read(lua_State *L, thr_tstate *ts, int output, size_t most,
                      int64_t deadline) {
  luaL_Buffer b;
  ptrdiff_t n;
  size_t total = 0;
  char part[1024];
  luaL_buffinit(L, &b);
  do {
    if (!wait_for_output(L, ts, output, deadline)) return false;
    n = thr_child_read(output, part, sizeof(part));
    if (n > 0 && total < most) {
      luaL_addlstring(&b, part, (size_t)n);
      total += (size_t)n;
    }
  } while (n != 0);
  luaL_pushresult(&b);
  return true;
}
