/* pending: see pending.h. */
#include "bind/pending.h"

#include <lauxlib.h>

#include "bind/blame.h"
#include "bind/cancel.h"
#include "bind/describe.h"
#include "bind/finaliser.h"
#include "bind/self.h"
#include "bind/unwind.h"
#include "gil/ctrlc.h"
#include "gil/gil.h"
#include "gil/preempt.h"
#include "os/tuning.h"

static const char key_noop = 0; /* registry: a Lua function, does nothing */

/* --- raising --- */

static bool take_bit(thr_tstate *ts, unsigned bit) {
  return (atomic_fetch_and(&ts->asked.pending, ~bit) & bit) != 0;
}

/* Once, then a pause in which <close> variables do their work.  Where that was
** caught, twice in a row the next time, and so on: the second comes at the
** very next instruction, outside of one pcall more. */
static void raise_stop(lua_State *L, thr_tstate *ts) {
  if (ts->asked.stops_left == 0) ts->asked.stops_left = ++ts->asked.stop_rounds;
  ts->asked.stops_left--;
  if (ts->asked.stops_left > 0) {
    ts->asked.stop_again = 0;
    thr_preempt_arm(ts);
  } else {
    ts->asked.stop_again = thr_os_monotonic() + THR_STOP_AGAIN;
    ts->asked.stop_used = thr_os_threadtime() + THR_STOP_AGAIN_USED;
  }
  thr_unwind_stop(L);
}

/* In a finaliser, be it by way of coroutines, an error ends that and no more:
** what is asked is met again behind it. */
static bool meets_again(lua_State *L, thr_tstate *ts) {
  bool again = thr_finaliser_isaround(L);
  for (const thr_step *s = ts->lua.steps; s && !again; s = s->below)
    again = thr_finaliser_isaround(s->from);
  if (again && thr_tstate_asked(ts, THR_PENDING_AT_ONCE)) thr_preempt_arm(ts);
  return again;
}

static void raise_interrupt(lua_State *L, thr_tstate *ts) {
  if (!meets_again(L, ts)) take_bit(ts, THR_PENDING_INTERRUPT);
  thr_blame_error(L, "interrupted!");
}

/* The bits go last: where there is no memory for the error, it is raised the
** next time. */
static void raise_cancel(lua_State *L, thr_tstate *ts) {
  const thr_trace_calls *tracer = thr_tstate_tracer(ts);
  thr_cancel_push(L, ts);
  if (tracer) tracer->notes(ts, "cancel", "");
  if (!meets_again(L, ts)) take_bit(ts, THR_PENDING_CANCELS);
  lua_error(L);
}

void thr_pending_raise(lua_State *L, thr_tstate *ts) {
  if (ts->asked.pending & THR_PENDING_STOP) raise_stop(L, ts);
  if (take_bit(ts, THR_PENDING_DUMP)) ts->rt->calls.at_dump(L);
  if (ts->asked.pending & THR_PENDING_INTERRUPT) raise_interrupt(L, ts);
  if (thr_tstate_asked(ts, THR_PENDING_CANCEL)) raise_cancel(L, ts);
}

int thr_pending_checkpoint(lua_State *L) {
  thr_tstate *ts = thr_self(L);
  thr_pending_check(L, ts);
  return 0;
}

/* A stop that unwinds must not be raised again in the <close> variables. */
static bool unwinding(const thr_tstate *ts) {
  return ts->asked.stop_again != 0 &&
         (thr_os_monotonic() < ts->asked.stop_again ||
          thr_os_threadtime() < ts->asked.stop_used);
}

/* A deferred cancellation waits for a cancellation point; this is none. */
void thr_pending_atswitch(thr_tstate *ts, lua_State *L) {
  if (!ts->gil.held) thr_self_find(L); /* raises */
  thr_whose_at(ts, L);
  if (thr_whose_isown(ts)) thr_gil_yield(ts);
  if (!thr_tstate_asked(ts, THR_PENDING_AT_ONCE) || unwinding(ts))
    return;
  if (ts->asked.guarded) {
    /* by one instruction: that which marks the variable */
    ts->asked.guarded = false;
    thr_preempt_arm(ts);
    return;
  }
  thr_pending_raise(L, ts);
}

/* --- in another thread's state --- */

void thr_pending_notown(lua_State *L, thr_tstate *ts) {
  uint64_t whose = thr_whose(ts);
  if (whose == THR_WHOSE_ASKED)
    thr_blame_error(L, "explore has called this between two steps of the "
                    "schedule: no thread can wait or start");
  if (whose == THR_WHOSE_ATOMIC)
    thr_blame_error(L, "cannot wait in 'atomic', nor let other threads run");
  thr_describe_pushname(L, ts->rt, whose);
  thr_blame_error(L,
                  "called back in the Lua state of %s: load the library in "
                  "the thread that runs its loop",
                  lua_tostring(L, -1));
}

/* --- what a wait ended with --- */

bool thr_pending_disturbed(lua_State *L, thr_tstate *ts, thr_parkresult r) {
  if (r == THR_PARK_DEADLOCK) ts->rt->calls.at_deadlock(ts, L);
  if (r != THR_PARK_INTERRUPTED && r != THR_PARK_NOTOWN) return false;
  thr_pending_checkown(L, ts);
  if (ts->asked.pending & THR_PENDING_DUMP) ts->asked.in_wait = true;
  thr_pending_check(L, ts);
  if (ts->nest.outer && thr_ctrlc_signalled(ts)) raise_interrupt(L, ts);
  thr_ctrlc_fetch(ts, L);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &key_noop);
  int status = lua_pcall(L, 0, 0, 0); /* the hook of Ctrl-C fires here */
  thr_ctrlc_served(ts);
  if (status != LUA_OK) lua_error(L);
  return true;
}

static int disturbed(lua_State *L) {
  thr_parkresult r = (thr_parkresult)lua_tointeger(L, 1);
  lua_pushboolean(L, thr_pending_disturbed(L, thr_self(L), r));
  return 1;
}

int thr_pending_trydisturbed(lua_State *L, thr_parkresult r) {
  if (r != THR_PARK_INTERRUPTED && r != THR_PARK_DEADLOCK &&
      r != THR_PARK_NOTOWN)
    return 0;
  lua_pushcfunction(L, disturbed);
  lua_pushinteger(L, (lua_Integer)r);
  if (lua_pcall(L, 1, 1, 0) != LUA_OK) return -1;
  int again = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return again;
}

void thr_pending_open(lua_State *L) {
  if (luaL_loadstring(L, "return") != LUA_OK) lua_error(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key_noop);
}
