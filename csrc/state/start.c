/* start: see start.h. */
#include "state/start.h"

#include <lauxlib.h>
#include <stdio.h>

#include "bind/blame.h"
#include "bind/describe.h"
#include "bind/pending.h"
#include "bind/self.h"
#include "bind/unwind.h"
#include "gil/hook.h"
#include "gil/preempt.h"
#include "os/tuning.h"
#include "park/thread.h"
#include "state/finale.h"
#include "state/open.h"

/* error -> what is reported of it: itself, where it ends a thread silently, or
** else its text with a traceback. */
static int on_error(lua_State *L) {
  if (thr_unwind_isexit(L, 1)) return 1;
  thr_describe_pushtraceback(L, thr_describe_pusherror(L, 1));
  return 1;
}

static void report(lua_State *L) {
  thr_tstate *ts = thr_self(L);
  if (thr_unwind_isexit(L, -1)) return;
  const char *text = luaL_tolstring(L, -1, NULL);
  const thr_trace_calls *tracer = thr_tstate_tracer(ts);
  if (tracer) tracer->notes(ts, "exception", text);
  if (ts->explored) {
    ts->rt->calls.explore->failed(ts, text);
    return;
  }
  const char *fn = luaL_tolstring(L, lua_upvalueindex(1), NULL);
  fprintf(stderr, "Exception ignored in thread started by %s\n%s\n", fn, text);
  fflush(stderr);
}

/* Not yieldable (lua_pcall), so that a yield at the top of a thread raises. */
int thr_start_call(lua_State *L) {
  int nargs = lua_gettop(L);
  lua_pushcfunction(L, on_error);
  lua_insert(L, 1);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 2);
  if (lua_pcall(L, nargs, 0, 1) != LUA_OK) report(L);
  return 0;
}

/* (self, on_error, report, begin or nil).  Not through Lua code of ours: each
** frame on it costs every thread a piece of its small stack. */
int thr_start_run(lua_State *L) {
  thr_tstate *ts = thr_self(L);
  if (thr_tstate_asked(ts, THR_PENDING_CANCEL)) return 0; /* unbegun */
  if (lua_isnil(L, 4)) {
    lua_getfield(L, 1, "run");
    lua_replace(L, 4);
  }
  lua_pushvalue(L, 1);
  if (lua_pcall(L, 1, 0, 2) == LUA_OK || thr_unwind_isexit(L, -1)) return 0;
  lua_replace(L, 2);
  lua_insert(L, 1); /* report, self, err */
  lua_call(L, 2, 0);
  return 0;
}

/* The whole of it inside a lua_resume: an error without a protected entry
** would be thrown in the main thread.  (From the origin: before Lua 5.4.2, with
** none, it would be left few nested calls; and from its maker's, ever fewer
** where each thread starts the next.) */
static void body(thr_tstate *ts) {
  lua_State *L = ts->lua.base;
  int nres;
  if (ts->rt->gil.watched) {
    thr_preempt_enter(ts);
    thr_hook_follow(ts, L);
    thr_preempt_leave(ts);
  }
  int status = lua_resume(L, ts->rt->attach.origin, lua_gettop(L) - 1, &nres);
  lua_checkstack(L, LUA_MINSTACK); /* an error leaves none free */
  if (status != LUA_OK && !thr_unwind_isexit(L, -1))
    fprintf(stderr, "thread %s: error while its error was told\n",
            ts->life.name);
  thr_preempt_enter(ts); /* for good: the state may be collected from now */
  thr_tstate_run(ts, ts->lua.base = NULL);
  lua_settop(L, 0);
  thr_open_forget(L, ts);
}

/* Calls itself, `depth` deep. */
static int call_deep(lua_State *L) {
  lua_Integer depth = lua_tointeger(L, 1);
  if (depth == 1) return 0;
  lua_pushcfunction(L, call_deep);
  lua_pushinteger(L, depth - 1);
  lua_call(L, 1, 0);
  return 0;
}

/* Lua makes a record of each nested call and keeps it for the next: makes those
** that a thread needs which calls a C function and sleeps there.  A thread that
** allocates nothing itself has no cache of malloc's, as large as its stack. */
static void make_frames(lua_State *L) {
  lua_pushcfunction(L, call_deep);
  lua_pushinteger(L, THR_FRAMES);
  if (lua_pcall(L, 1, 0, 0) != LUA_OK) lua_pop(L, 1); /* no harm */
}

static void give_state(lua_State *L, thr_tstate *ts, int first) {
  lua_State *L1 = lua_newthread(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, ts);
  thr_hook_inherit(thr_self(L), L, L1);
  if (!lua_gethook(L1)) make_frames(L1); /* a user's must not see it */
  int n = lua_gettop(L) - first + 1;
  if (!lua_checkstack(L1, n)) thr_blame_error(L, "too many arguments");
  lua_xmove(L, L1, n);
  thr_tstate_run(ts, ts->lua.base = L1);
  ts->rt->births++;
  ts->life.body = body;
}

void thr_start_prepare(lua_State *L, thr_tstate *ts, int first) {
  if (ts->life.phase != THR_INITIAL)
    thr_blame_error(L, "threads can only be started once; make "
                    "another Thread");
  if (ts->rt->end.closing)
    thr_blame_error(L, "can't create new thread at interpreter shutdown");
  thr_tstate *self = thr_self(L);
  if (thr_whose(self) == THR_WHOSE_ASKED) thr_pending_notown(L, self);
  if (ts->rt->alive == 0) thr_finale_refresh(L, ts->rt);
  give_state(L, ts, first);
}

int thr_start(lua_State *L, thr_tstate *ts) {
  int err = thr_thread_start(thr_self(L), ts);
  if (err == 0) return 0;
  lua_pushnil(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, ts);
  thr_tstate_run(ts, ts->lua.base = NULL);
  return err;
}
