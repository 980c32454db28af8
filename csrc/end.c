/* end: see end.h. */
#include "end.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "face.h"
#include "gil.h"
#include "park.h"
#include "preempt.h"
#include "thread.h"

/* A stopped thread is reminded this often, and given up after so many
** reminders: it is in a C function that never asks for the global lock. */
#define REMIND (THR_SECOND / 10)
#define REMINDERS 50

/* Counts that leave out the calling thread: it does not wait for itself. */
static int others_alive(const thr_tstate *ts) {
  return ts->rt->alive - !ts->is_main;
}

static int others_nondaemon(const thr_tstate *ts) {
  return ts->rt->nondaemons - (!ts->is_main && !ts->daemon);
}

static bool still_alive(thr_waiter *w) { return others_alive(w->ts) > 0; }

static bool still_nondaemon(thr_waiter *w) {
  return others_nondaemon(w->ts) > 0;
}

static void stop_others(thr_tstate *self) {
  thr_runtime *rt = self->rt;
  thr_mutex_lock(&rt->m);
  for (thr_tstate *ts = rt->threads; ts; ts = ts->next) {
    if (ts == self || ts->is_main) continue;
    thr_park_interrupt(ts, THR_PENDING_STOP);
    if (ts->native_id != 0) thr_os_preempt(ts->os); /* listed: it lives */
  }
  thr_mutex_unlock(&rt->m);
}

static void stop_and_join(thr_tstate *ts) {
  thr_runtime *rt = ts->rt;
  thr_waiter w = thr_waiter_on(ts, &rt->alive, "end of the daemon threads");
  w.still = still_alive;
  rt->closing = true;
  for (int i = 0; others_alive(ts) > 0 && i < REMINDERS; i++) {
    stop_others(ts);
    thr_park(&w, thr_os_monotonic() + REMIND);
  }
  if (others_alive(ts) > 0)
    fprintf(stderr, "threading: %d thread(s) in C code do not stop\n",
            others_alive(ts));
  thr_thread_reap(rt, 0);
}

/* A signal came in the final wait.  Where hooks are off (the wait is inside
** one) we raise in the place of the hook that its handler has set. */
static void interrupted(lua_State *L, thr_tstate *ts, lua_Hook before) {
  bool hooked = lua_gethook(L) != before;
  if (others_nondaemon(ts) == 0) return;
  if (hooked || ts->pending) ts->rt->abandoned = true;
  thr_face_interrupted(L, ts);
  if (!hooked) return;
  lua_sethook(L, NULL, 0, 0);
  luaL_error(L, "interrupted!");
}

static void wait_for_threads(lua_State *L, thr_tstate *ts) {
  thr_runtime *rt = ts->rt;
  thr_waiter w = thr_waiter_on(ts, &rt->nondaemons, "end of the threads");
  w.still = still_nondaemon;
  while (!rt->closing && !rt->abandoned && others_nondaemon(ts) > 0) {
    lua_Hook before = lua_gethook(L);
    if (thr_park(&w, THR_FOREVER) == THR_PARK_INTERRUPTED)
      interrupted(L, ts, before);
  }
}

static void finish(lua_State *L, thr_tstate *ts) {
  wait_for_threads(L, ts);
  stop_and_join(ts);
}

int thr_end_shutdown(lua_State *L) {
  finish(L, thr_face_self(L));
  return 0;
}

/* os.exit, replaced: with `close` the state is closed, and whatever is
** younger than the sentinel would be finalised before the threads end. */
static int os_exit(lua_State *L) {
  if (lua_toboolean(L, 2)) finish(L, thr_face_self(L));
  return thr_face_original(L);
}

/* --- the script's main chunk --- */

/* lua.c's script, as the source of its chunk; NULL under -i, whose lines
** return at the outermost level too, and in other hosts. */
static char *script_source(lua_State *L) {
  char *source = NULL;
  int top = lua_gettop(L);
  if (lua_getglobal(L, "arg") == LUA_TTABLE) {
    bool interactive = false;
    for (int i = -1; lua_rawgeti(L, top + 1, i) == LUA_TSTRING; i--)
      if (strcmp(lua_tostring(L, -1), "-i") == 0) interactive = true;
    if (!interactive && lua_rawgeti(L, top + 1, 0) == LUA_TSTRING) {
      const char *name = lua_tostring(L, -1);
      const char *s = strcmp(name, "-") == 0
                          ? "=stdin"
                          : lua_pushfstring(L, "@%s", name);
      source = malloc(strlen(s) + 1);
      if (source) strcpy(source, s);
    }
  }
  lua_settop(L, top);
  return source;
}

static bool is_script(const thr_runtime *rt, const lua_Debug *ar) {
  return rt->script && strcmp(ar->what, "main") == 0 &&
         strcmp(ar->source, rt->script) == 0;
}

/* Is the function called by lua.c's C function at the bottom? */
static bool is_outermost(lua_State *L, int level) {
  lua_Debug ar;
  return lua_getstack(L, level + 1, &ar) && !lua_getstack(L, level + 2, &ar);
}

/* A script that ends in `return f()` has been replaced by f when it returns:
** note that it runs while it can be seen. */
static void look_for_script(thr_runtime *rt) {
  lua_Debug ar;
  int level = 0;
  if (rt->in_script || !rt->script) return;
  while (lua_getstack(rt->mainL, level + 1, &ar)) level++;
  if (level == 0 || !lua_getstack(rt->mainL, level - 1, &ar)) return;
  lua_getinfo(rt->mainL, "S", &ar);
  rt->in_script = is_script(rt, &ar);
}

void thr_end_at_return(thr_tstate *ts, lua_State *L, lua_Debug *ar) {
  if (!is_outermost(L, 0)) return;
  lua_getinfo(L, "St", ar);
  if (!is_script(ts->rt, ar) && !(ar->istailcall && ts->rt->in_script)) return;
  wait_for_threads(L, ts);
}

/* --- sentinel and anchor --- */

static const char *const anchor = "threading.anchor";
static const char *const sentinel = "threading.sentinel";

static thr_tstate *self_or_null(lua_State *L) {
  return thr_tstate_current(lua_topointer(L, LUA_REGISTRYINDEX));
}

/* The main record's OS thread may be another one, that sleeps for ever: the
** record then stays, without an identity that a new Lua state could have. */
static void drop_records(thr_tstate *self) {
  thr_runtime *rt = self->rt;
  thr_tstate *main = rt->main;
  thr_mutex_lock(&rt->m);
  for (thr_tstate *ts = rt->threads; ts; ts = ts->next) ts->id = NULL;
  thr_mutex_unlock(&rt->m);
  if (self == main) thr_tstate_delist(main);
  thr_tstate_unbind(self);
  thr_tstate_unref(main);
}

/* The global lock is not let go: a thread that was given up must never come
** back into a Lua state that is gone. */
static int anchor_gc(lua_State *L) {
  thr_runtime **box = lua_touserdata(L, 1), *rt = *box;
  thr_tstate *ts = self_or_null(L);
  if (!rt || !ts) return 0;
  *box = NULL;
  free(rt->script);
  drop_records(ts);
  thr_runtime_unref(rt);
  return 0;
}

static int sentinel_gc(lua_State *L) {
  thr_runtime **box = lua_touserdata(L, 1);
  thr_tstate *ts = self_or_null(L);
  if (ts && ts->rt->sentinel == (void *)box) finish(L, ts);
  return 0;
}

/* An object that the registry keeps, under its metatable's name. */
static void *keep_object(lua_State *L, const char *name, lua_CFunction gc) {
  thr_runtime **box = lua_newuserdatauv(L, sizeof(*box), 0);
  *box = NULL;
  if (luaL_newmetatable(L, name)) {
    lua_pushcfunction(L, gc);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  lua_rawsetp(L, LUA_REGISTRYINDEX, name);
  return box;
}

void thr_end_open(lua_State *L, thr_runtime *rt) {
  static const luaL_Reg functions[] = {{"exit", os_exit}, {NULL, NULL}};
  thr_face_replace(L, LUA_OSLIBNAME, functions);
  thr_runtime **box = keep_object(L, anchor, anchor_gc);
  *box = rt;
  rt->sentinel = keep_object(L, sentinel, sentinel_gc);
  rt->script = script_source(L);
}

void thr_end_refresh(lua_State *L, thr_runtime *rt) {
  look_for_script(rt);
  rt->sentinel = keep_object(L, sentinel, sentinel_gc);
}
