/*
** coroutine: replaces coroutine.resume, wrap, close, create and yield by
** equivalents that note in the thread's record which coroutine runs; and
** coroutine.running by one that knows threads.
**
** A hook armed on a thread's base state is not seen by a coroutine on top of
** it; so the record must know that one.  Our hook never outlives a resume: it
** is lifted on the way out, where a request to drop is also served.
*/
#include "state/coroutine.h"

#include <lauxlib.h>
#include <lualib.h>

#include "bind/replace.h"
#include "bind/self.h"
#include "gil/hook.h"
#include "gil/preempt.h"
#include "gil/whose.h"
#include "state/loading.h"

/* `running` may change only between step_in and step_out; both leave the
** states' values alone.  What lies between must not raise: lua_resume and
** lua_resetthread do not.  Once the library is gone there is no record, and
** nothing to note. */
static void set_running(thr_tstate *ts, lua_State *L) {
  thr_tstate_run(ts, L);
  thr_hook_follow(ts, L);
  thr_preempt_leave(ts);
  if (ts->rt->gil.drop) thr_preempt_arm(ts);
  thr_preempt_hurry(ts);
}

/* On top of another thread's state nothing switches: `running` stays. */
static void step_in(thr_tstate *ts, thr_step *s) {
  if (!ts) return;
  s->host = ts->lua.host;
  if (!thr_whose_isown(ts)) {
    ts->lua.host = thr_whose(ts);
    return;
  }
  s->before = ts->lua.running;
  s->below = ts->lua.steps;
  ts->lua.steps = s;
  thr_preempt_enter(ts);
  set_running(ts, s->co); /* what was armed is armed below */
}

/* What co was asked for is asked of `before`: a thread that asked while co ran
** sleeps on until the lock is free, and does not ask again. */
static void step_out(thr_tstate *ts, thr_step *s) {
  if (!ts) return;
  thr_whose_at(ts, s->from);
  ts->lua.host = s->host;
  if (ts->lua.steps != s) return;
  ts->lua.steps = s->below;
  thr_preempt_enter(ts);
  thr_hook_lift(ts, s->co);
  set_running(ts, s->before);
}

static bool resumable(lua_State *co) {
  lua_Debug ar;
  switch (lua_status(co)) {
    case LUA_YIELD: return true;
    case LUA_OK: return !lua_getstack(co, 0, &ar) && lua_gettop(co) > 0;
    default: return false;
  }
}

/* Why co cannot be resumed with narg values, or NULL.  lua_resume would report
** it on co, with memory that it may not get. */
static const char *obstacle(lua_State *co, int narg) {
  lua_Debug ar;
  if (!lua_checkstack(co, narg)) return "too many arguments to resume";
  if (resumable(co)) return NULL;
  return lua_status(co) == LUA_OK && lua_getstack(co, 0, &ar)
             ? "cannot resume non-suspended coroutine"
             : "cannot resume dead coroutine";
}

static int fail(lua_State *L, const char *why) {
  lua_pushstring(L, why);
  return -1;
}

/* Moves narg values to co, resumes it and moves its results back.  Returns
** their number, or -1 and leaves an error object. */
static int resume(lua_State *L, lua_State *co, int narg) {
  int nres = 0;
  const char *why = obstacle(co, narg);
  if (why) return fail(L, why);
  thr_tstate *ts = thr_self_here(L);
  thr_step s = {.co = co, .from = L};
  lua_xmove(L, co, narg);
  step_in(ts, &s);
  int status = lua_resume(co, L, narg, &nres);
  step_out(ts, &s);
  if (status != LUA_OK && status != LUA_YIELD) {
    if (ts && ts->rt->loads) thr_loading_dropcoroutine(L, ts->rt, co);
    lua_xmove(co, L, 1);
    return -1;
  }
  if (!lua_checkstack(L, nres + 1)) {
    lua_pop(co, nres);
    return fail(L, "too many results to resume");
  }
  lua_xmove(co, L, nres);
  return nres;
}

static void switch_if_asked(lua_State *L) {
  thr_tstate *ts = thr_self_here(L);
  if (!ts) return;
  if (ts->rt->gil.drop || ts->asked.pending) ts->rt->calls.at_switch(ts, L);
}

static int co_resume(lua_State *L) {
  lua_State *co = lua_tothread(L, 1);
  if (!co) return thr_replace_original(L); /* it raises */
  int n = resume(L, co, lua_gettop(L) - 1);
  lua_pushboolean(L, n >= 0);
  lua_insert(L, n < 0 ? -2 : -(n + 1));
  switch_if_asked(L);
  return n < 0 ? 2 : n + 1;
}

/* While a suspended one is closed, Lua before 5.4.3 takes any hook on it for
** one that has yielded, and leaves the __close: ours stays away. */
static bool bears_hook(lua_State *co) {
  return LUA_VERSION_RELEASE_NUM >= 50403 || lua_status(co) != LUA_YIELD;
}

static int close_state(lua_State *L, lua_State *co) {
  thr_tstate *ts = thr_self_here(L);
  bool steps = bears_hook(co);
  thr_step s = {.co = co, .from = L};
  if (steps) step_in(ts, &s);
#if LUA_VERSION_NUM >= 505 || LUA_VERSION_RELEASE_NUM >= 50406
  int status = lua_closethread(co, L);
#else
  int status = lua_resetthread(co);
#endif
  if (steps) step_out(ts, &s);
  return status;
}

/* The error of a coroutine that has failed, its variables closed. */
static int wrap_failed(lua_State *L, lua_State *co) {
  int status = lua_status(co);
  if (status != LUA_OK && status != LUA_YIELD) {
    int closed = close_state(L, co);
    if (closed != LUA_OK) { /* before 5.4.3 co does not keep the error */
      status = closed;
      lua_xmove(co, L, 1);
    }
  }
  if (status != LUA_ERRMEM && lua_type(L, -1) == LUA_TSTRING) {
    luaL_where(L, 1);
    lua_insert(L, -2);
    lua_concat(L, 2);
  }
  return lua_error(L);
}

static int co_auxwrap(lua_State *L) {
  lua_State *co = lua_tothread(L, lua_upvalueindex(1));
  int n = resume(L, co, lua_gettop(L));
  if (n < 0) return wrap_failed(L, co);
  switch_if_asked(L);
  return n;
}

static int co_create(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_State *co = lua_newthread(L);
  thr_tstate *ts = thr_self_here(L);
  if (ts) thr_hook_inherit(ts, L, co);
  lua_pushvalue(L, 1);
  lua_xmove(L, co, 1);
  return 1;
}

static int co_wrap(lua_State *L) {
  co_create(L);
  lua_pushcclosure(L, co_auxwrap, 1);
  return 1;
}

static bool is_base(lua_State *L) {
  const thr_tstate *ts = thr_self_here(L);
  return ts && L == ts->lua.base;
}

/* At the top of a thread there is nobody to yield to, as in a main script;
** Lua itself would name a C-call boundary. */
static int co_yield(lua_State *L) {
  if (!lua_isyieldable(L) && is_base(L)) {
    lua_pushliteral(L, "attempt to yield from outside a coroutine");
    return lua_error(L);
  }
  return lua_yield(L, lua_gettop(L));
}

/* To a thread the state that it runs when it is in no coroutine is the main
** one, as it is to a script. */
static int co_running(lua_State *L) {
  if (!thr_self_here(L)) return thr_replace_original(L);
  lua_pushthread(L);
  lua_pushboolean(L, is_base(L));
  return 2;
}

/* Suspended or dead?  The original says why the others may not be closed. */
static bool closable(lua_State *L, lua_State *co) {
  lua_Debug ar;
  return co && L != co &&
         (lua_status(co) != LUA_OK || !lua_getstack(co, 0, &ar));
}

static int co_close(lua_State *L) {
  lua_State *co = lua_isnone(L, 1) ? L : lua_tothread(L, 1);
#if LUA_VERSION_NUM >= 505 /* where it would end the thread, silently */
  if (co == L && is_base(L))
    return luaL_error(L, "cannot close main thread");
#endif
  if (!closable(L, co)) return thr_replace_original(L);
  if (close_state(L, co) == LUA_OK) {
    lua_pushboolean(L, 1);
    return 1;
  }
  lua_pushboolean(L, 0);
  lua_xmove(co, L, 1);
  return 2;
}

/* --- around a wrapper of the program's --- */

/* Its own code runs in L; the record names the coroutine that it is about to
** resume, for nothing reports when it does. */
static int resume_around(lua_State *L) {
  lua_State *co = lua_tothread(L, 1);
  thr_tstate *ts = thr_self_here(L);
  if (!ts || !co || co == ts->lua.running) return thr_replace_original(L);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  thr_step s = {.co = co, .from = L};
  step_in(ts, &s);
  int status = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
  step_out(ts, &s);
  if (status != LUA_OK) return lua_error(L);
  switch_if_asked(L);
  return lua_gettop(L);
}

static int create_around(lua_State *L) {
  int n = thr_replace_original(L);
  lua_State *co = n > 0 ? lua_tothread(L, -n) : NULL;
  thr_tstate *ts = thr_self_here(L);
  if (ts && co) thr_hook_inherit(ts, L, co);
  return n;
}

static int running_around(lua_State *L) {
  int n = thr_replace_original(L);
  if (n != 2 || !thr_self_here(L)) return n;
  lua_pop(L, 1);
  lua_pushboolean(L, lua_tothread(L, -1) == L && is_base(L));
  return n;
}

static int yielded(lua_State *L, int status, lua_KContext ctx) {
  (void)status;
  (void)ctx;
  return lua_gettop(L);
}

static int yield_around(lua_State *L) {
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_callk(L, lua_gettop(L) - 1, LUA_MULTRET, 0, yielded);
  return lua_gettop(L);
}

void thr_coroutine_open(lua_State *L) {
  static const thr_replacement functions[] = {
      {"resume", co_resume, resume_around},
      {"wrap", co_wrap, thr_replace_original},
      {"close", co_close, thr_replace_original},
      {"create", co_create, create_around},
      {"yield", co_yield, yield_around},
      {"running", co_running, running_around},
      {NULL, NULL, NULL}};
  bool made = thr_self_runtime(L)->main->nest.uncounted;
  thr_replace_wrapped(L, LUA_COLIBNAME, made ? NULL : "luaopen_coroutine",
                      functions);
}
