/* shutdown: see shutdown.h. */
#include "state/shutdown.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>

#include "bind/args.h"
#include "bind/blame.h"
#include "bind/pending.h"
#include "bind/replace.h"
#include "bind/self.h"
#include "bind/unwind.h"
#include "gil/ctrlc.h"
#include "os/tuning.h"
#include "park/park.h"
#include "state/lasting.h"

/* Counts that leave out the calling thread: it does not wait for itself. */
int thr_shutdown_others(const thr_tstate *ts) {
  return ts->rt->alive - ts->rt->attach.outside - !ts->is_main;
}

/* The non-daemons of a runtime, this one or another of the group. */
static int others_nondaemon(const thr_tstate *ts, const thr_runtime *of) {
  bool itself = of == ts->rt && !ts->is_main && !ts->life.daemon;
  return of->nondaemons - itself;
}

static bool still_alive(thr_waiter *w) {
  return thr_shutdown_others(w->ts) > 0;
}

static bool still_nondaemon(thr_waiter *w) {
  const thr_runtime *of =
      (const void *)((const char *)w->addr - offsetof(thr_runtime, nondaemons));
  return others_nondaemon(w->ts, of) > 0;
}

static void stop_others(thr_tstate *self) {
  thr_runtime *rt = self->rt;
  thr_mutex_lock(&rt->m);
  for (thr_tstate *ts = rt->threads; ts; ts = ts->next) {
    if (ts == self || ts->is_main || ts->nest.outside) continue;
    thr_lot_interrupt(ts, THR_PENDING_STOP);
    /* in the list: it lives */
    if (ts->life.native_id != 0) thr_os_preempt(ts->life.os);
  }
  thr_mutex_unlock(&rt->m);
}

/* Each thread that ends wakes us, and begins the count of reminders anew. */
static void remind(thr_waiter *w, thr_tstate *ts) {
  int64_t next = 0;
  int left, before = 0;
  for (int i = 0; (left = thr_shutdown_others(ts)) > ts->rt->end.given_up &&
                  i <= THR_REMINDERS;) {
    if (left != before) i = 0;
    before = left;
    if (thr_os_monotonic() >= next) {
      stop_others(ts);
      next = thr_os_monotonic() + THR_REMIND;
      i++;
    }
    thr_park(w, next);
  }
}

void thr_shutdown_stop(thr_tstate *ts) {
  thr_runtime *rt = ts->rt;
  thr_waiter w = thr_waiter_on(ts, &rt->alive, "the daemon threads to end");
  w.validate = still_alive;
  w.masked = ~0u; /* nothing may hurry the reminders */
  if (rt->calls.at_end) rt->calls.at_end(ts);
  thr_mutex_lock(&rt->m); /* a thread that is outside stays so */
  rt->end.closing = true;
  thr_mutex_unlock(&rt->m);
  remind(&w, ts);
  int left = thr_shutdown_others(ts);
  if (left > rt->end.given_up)
    fprintf(stderr, "threading: %d thread(s) in C code do not stop\n", left);
  rt->end.given_up = left;
  thr_tstate_joinretired(thr_tstate_takeretired(rt, 0));
}

/* No thread waits for the others to end any longer. */
static void abandon(thr_runtime *rt) {
  rt->end.abandoned = true;
  thr_unpark_all(&rt->nondaemons);
}

/* What is asked of the main thread ends the waiting for good.  What is asked of
** another that waits, a cancellation, concerns that one alone. */
static void abandon_asked(thr_tstate *ts) {
  if (ts->is_main) abandon(ts->rt);
}

/* A signal came in the final wait.  The first Ctrl-C asks who is waited for.
** Where hooks are off (the wait is inside one) we raise in the place of the
** hook that its handler has set. */
static void interrupted(lua_State *L, thr_tstate *ts, thr_runtime *of) {
  bool signalled = thr_ctrlc_signalled(ts);
  if (signalled && thr_lasting_tell(ts, of)) {
    thr_ctrlc_drop(ts);
    return;
  }
  if (signalled || (ts->asked.pending & ~THR_PENDING_DUMP)) abandon_asked(ts);
  thr_pending_disturbed(L, ts, THR_PARK_INTERRUPTED);
  if (!signalled) return;
  lua_sethook(L, NULL, 0, 0);
  thr_blame_error(L, "interrupted!");
}

static const char key_at_end = 0; /* registry: a list of functions */

int thr_shutdown_register(lua_State *L) {
  thr_args_callable(L, 1, "fn");
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &key_at_end) != LUA_TTABLE) {
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &key_at_end);
  }
  lua_pushvalue(L, 1);
  lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
  return 0;
}

/* What is asked of this thread meanwhile is raised when all were called. */
static void call_registered(lua_State *L, thr_tstate *ts) {
  int top = lua_gettop(L);
  bool is_list = lua_rawgetp(L, LUA_REGISTRYINDEX, &key_at_end) == LUA_TTABLE;
  lua_pushnil(L);
  for (lua_Integer i = 1; is_list && lua_rawgeti(L, top + 1, i) != LUA_TNIL;
       i++) {
    if (lua_pcall(L, 0, 0, 0) == LUA_OK) continue;
    if (thr_unwind_isasked(L, -1)) lua_replace(L, top + 2);
    else
      fprintf(stderr, "threading: at the end: %s\n",
              luaL_tolstring(L, -1, NULL));
    lua_settop(L, top + 2);
  }
  lua_settop(L, top + 2);
  if (!lua_isnil(L, -1)) {
    abandon_asked(ts);
    lua_error(L);
  }
  lua_settop(L, top);
}

static bool another_ends(thr_waiter *w) {
  const thr_tstate *ender = w->ts->rt->end.ender;
  return ender && ender != w->ts;
}

/* Another thread ends the process.  The main thread, which nobody stops, waits
** for that; any other is one that is waited for, and ends. */
static void give_way(lua_State *L, thr_tstate *ts) {
  thr_waiter w = thr_waiter_on(ts, &ts->rt->end.ender, "the program to end");
  w.validate = another_ends;
  w.masked = ~0u; /* the Lua state may be gone when it wakes */
  if (!ts->is_main && another_ends(&w)) {
    atomic_fetch_or(&ts->asked.pending, THR_PENDING_STOP);
    thr_pending_raise(L, ts);
  }
  while (another_ends(&w) && thr_park(&w, THR_FOREVER) != THR_PARK_NOTOWN) {}
}

/* What never ends is reported, but by os.exit: it wants the end. */
static void give_up(lua_State *L, thr_tstate *ts) {
  abandon(ts->rt);
  if (ts->rt->end.ender != ts) thr_pending_disturbed(L, ts, THR_PARK_DEADLOCK);
}

void thr_shutdown_await(lua_State *L, thr_tstate *ts, thr_runtime *of) {
  const thr_runtime *rt = ts->rt;
  thr_waiter w = thr_waiter_on(ts, &of->nondaemons, "the other threads to end");
  w.validate = still_nondaemon;
  while (!rt->end.closing && !rt->end.abandoned &&
         others_nondaemon(ts, of) > 0) {
    thr_parkresult r = thr_park(&w, THR_FOREVER);
    if (r == THR_PARK_INTERRUPTED) interrupted(L, ts, of);
    else if (r == THR_PARK_DEADLOCK) give_up(L, ts);
    else thr_pending_disturbed(L, ts, r);
  }
}

int thr_shutdown_tell(lua_State *L) {
  thr_tstate *ts = thr_self(L);
  if (others_nondaemon(ts, ts->rt) > 0) call_registered(L, ts);
  return 0;
}

void thr_shutdown_wait(lua_State *L, thr_tstate *ts) {
  thr_shutdown_tell(L);
  thr_shutdown_await(L, ts, ts->rt);
  if (ts->rt->calls.at_wait) ts->rt->calls.at_wait(L, ts);
  give_way(L, ts);
}

static int wait_only(lua_State *L) {
  thr_shutdown_wait(L, thr_self(L));
  return 0;
}

int thr_shutdown(lua_State *L) {
  thr_tstate *ts = thr_self(L);
  thr_pending_checkown(L, ts);
  thr_shutdown_wait(L, ts);
  thr_shutdown_stop(ts);
  return 0;
}

/* Whatever ends the wait, no thread may be left in a state that is closed. */
int thr_shutdown_close(lua_State *L, thr_tstate *ts) {
  lua_pushcfunction(L, wait_only);
  int status = lua_pcall(L, 0, 0, 0);
  if (!ts->rt->end.ender) ts->rt->end.ender = ts;
  thr_shutdown_stop(ts);
  return status;
}

/* --- os.exit --- */

/* Ctrl-C or a cancellation has ended the wait: there may be another os.exit. */
static int not_ended(lua_State *L, thr_runtime *rt) {
  rt->end.ender = NULL;
  thr_unpark_all(&rt->end.ender);
  return lua_error(L);
}

/* In an interpreter, `close` would close that alone, and the process would end
** while the thread is still in another one: it ends as without. */
static bool is_interpreter(const thr_tstate *ts) {
  return ts->rt->main->nest.uncounted;
}

/* os.exit, replaced: with `close` the state is closed, and whatever is
** younger than the sentinel would be finalised before the threads end. */
static int os_exit(lua_State *L) {
  thr_tstate *ts = thr_self_here(L);
  if (ts && is_interpreter(ts)) lua_settop(L, 1);
  if (!ts || !lua_toboolean(L, 2)) return thr_replace_original(L);
  thr_pending_checkown(L, ts);
  give_way(L, ts);
  ts->rt->end.ender = ts;
  lua_pushcfunction(L, wait_only);
  if (lua_pcall(L, 0, 0, 0) != LUA_OK) return not_ended(L, ts->rt);
  thr_shutdown_stop(ts);
  ts->life.closes = true; /* finalisers run on the main state */
  return thr_replace_original(L);
}

void thr_shutdown_open(lua_State *L) {
  static const luaL_Reg functions[] = {{"exit", os_exit}, {NULL, NULL}};
  thr_replace(L, LUA_OSLIBNAME, functions);
}
