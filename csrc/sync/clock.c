/* clock: sleep and the clocks, as Python's time module names them. */
#include "sync/clock.h"

#include "bind/args.h"
#include "bind/pending.h"
#include "bind/self.h"
#include "gil/vclock.h"
#include "os/fault.h"
#include "os/tuning.h"
#include "park/park.h"

static int time_sleep(lua_State *L) {
  if (lua_isnoneornil(L, 1))
    thr_args_typeerror(L, 1, "secs", "number of seconds");
  int64_t deadline = thr_args_deadline(L, 1, "secs");
  thr_tstate *ts = thr_self(L);
  for (;;) {
    thr_waiter w = thr_waiter_on(ts, &ts->sleep.sem, "sleep");
    w.is_sleep = true;
    thr_parkresult r = thr_park(&w, deadline);
    if (!thr_pending_disturbed(L, ts, r)) return 0;
  }
}

static int push_seconds(lua_State *L, int64_t ns) {
  lua_pushnumber(L, (lua_Number)ns / 1e9);
  return 1;
}

/* A virtual clock is all the clocks. */
static int push_clock(lua_State *L, int64_t (*real)(void), int64_t start) {
  bool is_virtual = thr_vclock_isvirtual();
  return push_seconds(L, is_virtual ? start + thr_vclock_now() : real());
}

static int time_time(lua_State *L) {
  return push_clock(L, thr_os_realtime, THR_VIRTUAL_START);
}
static int time_monotonic(lua_State *L) {
  return push_seconds(L, thr_fault_now(thr_vclock_now()));
}
static int time_threadtime(lua_State *L) {
  return push_clock(L, thr_os_threadtime, 0);
}
static int time_processtime(lua_State *L) {
  return push_clock(L, thr_os_processtime, 0);
}

void thr_clock_open(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"sleep", time_sleep},
      {"time", time_time},
      {"monotonic", time_monotonic},
      {"perf_counter", time_monotonic},
      {"thread_time", time_threadtime},
      {"process_time", time_processtime},
      {NULL, NULL}};
  luaL_newlib(L, functions);
}
