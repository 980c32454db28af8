/* end: see end.h. */
#include "state/end.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <string.h>

#include "bind/args.h"
#include "bind/blame.h"
#include "bind/box.h"
#include "bind/finaliser.h"
#include "bind/pending.h"
#include "bind/replace.h"
#include "bind/self.h"
#include "gil/ctrlc.h"
#include "gil/gil.h"
#include "park/park.h"

/* A stopped thread is reminded this often, and given up after so many
** reminders: it is in a C function that never asks for the global lock. */
#define REMIND (THR_SECOND / 10)
#define REMINDERS 20

/* Counts that leave out the calling thread: it does not wait for itself. */
static int others_alive(const thr_tstate *ts) {
  return ts->rt->alive - ts->rt->outside - !ts->is_main;
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
    if (ts == self || ts->is_main || ts->outside) continue;
    thr_lot_interrupt(ts, THR_PENDING_STOP);
    if (ts->native_id != 0) thr_os_preempt(ts->os); /* listed: it lives */
  }
  thr_mutex_unlock(&rt->m);
}

/* Each thread that ends wakes us, and begins the count of reminders anew. */
static void remind(thr_waiter *w, thr_tstate *ts) {
  int64_t next = 0;
  int left, before = 0;
  for (int i = 0;
       (left = others_alive(ts)) > ts->rt->given_up && i <= REMINDERS;) {
    if (left != before) i = 0;
    before = left;
    if (thr_os_monotonic() >= next) {
      stop_others(ts);
      next = thr_os_monotonic() + REMIND;
      i++;
    }
    thr_park(w, next);
  }
}

static void stop_and_join(thr_tstate *ts) {
  thr_runtime *rt = ts->rt;
  thr_waiter w = thr_waiter_on(ts, &rt->alive, "the daemon threads to end");
  w.validate = still_alive;
  w.deaf = ~0u; /* nothing may hurry the reminders */
  thr_mutex_lock(&rt->m); /* who is outside stays there from now on */
  rt->closing = true;
  thr_mutex_unlock(&rt->m);
  remind(&w, ts);
  int left = others_alive(ts);
  if (left > rt->given_up)
    fprintf(stderr, "threading: %d thread(s) in C code do not stop\n", left);
  rt->given_up = left;
  thr_tstate_reap(rt, 0);
}

/* Whoever waits for the threads to end does so no longer. */
static void abandon(thr_runtime *rt) {
  rt->abandoned = true;
  thr_unpark_all(&rt->nondaemons);
}

/* A signal came in the final wait.  Where hooks are off (the wait is inside
** one) we raise in the place of the hook that its handler has set. */
static void interrupted(lua_State *L, thr_tstate *ts) {
  bool signalled = thr_ctrlc_signalled(ts);
  if (signalled || (ts->pending & ~THR_PENDING_DUMP)) abandon(ts->rt);
  thr_pending_disturbed(L, ts, THR_PARK_INTERRUPTED);
  if (!signalled) return;
  lua_sethook(L, NULL, 0, 0);
  thr_blame_error(L, "interrupted!");
}

static const char at_end = 0; /* registry key: a list of functions */

int thr_end_register(lua_State *L) {
  thr_args_callable(L, 1, "fn");
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &at_end) != LUA_TTABLE) {
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &at_end);
  }
  lua_pushvalue(L, 1);
  lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
  return 0;
}

/* What is asked of this thread meanwhile is raised when all were called. */
static void call_registered(lua_State *L, thr_runtime *rt) {
  int top = lua_gettop(L);
  bool is_list = lua_rawgetp(L, LUA_REGISTRYINDEX, &at_end) == LUA_TTABLE;
  lua_pushnil(L);
  for (lua_Integer i = 1; is_list && lua_rawgeti(L, top + 1, i) != LUA_TNIL;
       i++) {
    if (lua_pcall(L, 0, 0, 0) == LUA_OK) continue;
    if (thr_pending_isasked(L, -1))
      lua_replace(L, top + 2);
    else
      fprintf(stderr, "threading: at the end: %s\n",
              luaL_tolstring(L, -1, NULL));
    lua_settop(L, top + 2);
  }
  lua_settop(L, top + 2);
  if (!lua_isnil(L, -1)) {
    abandon(rt);
    lua_error(L);
  }
  lua_settop(L, top);
}

static bool another_ends(thr_waiter *w) {
  const thr_tstate *ender = w->ts->rt->ender;
  return ender && ender != w->ts;
}

/* Another thread ends the process.  The main thread, which nobody stops, waits
** for that; any other is one that is waited for, and ends. */
static void give_way(lua_State *L, thr_tstate *ts) {
  thr_waiter w = thr_waiter_on(ts, &ts->rt->ender, "the program to end");
  w.validate = another_ends;
  w.deaf = ~0u; /* the Lua state may be gone when it wakes */
  if (!ts->is_main && another_ends(&w)) {
    atomic_fetch_or(&ts->pending, THR_PENDING_STOP);
    thr_pending_raise(L, ts);
  }
  while (another_ends(&w) && thr_park(&w, THR_FOREVER) != THR_PARK_NOTOWN) {}
}

/* What never ends is reported, but by os.exit: it wants the end. */
static void give_up(lua_State *L, thr_tstate *ts) {
  abandon(ts->rt);
  if (ts->rt->ender != ts) thr_pending_disturbed(L, ts, THR_PARK_DEADLOCK);
}

static void wait_for_threads(lua_State *L, thr_tstate *ts) {
  thr_runtime *rt = ts->rt;
  if (others_nondaemon(ts) > 0) call_registered(L, rt);
  thr_waiter w = thr_waiter_on(ts, &rt->nondaemons, "the other threads to end");
  w.validate = still_nondaemon;
  while (!rt->closing && !rt->abandoned && others_nondaemon(ts) > 0) {
    thr_parkresult r = thr_park(&w, THR_FOREVER);
    if (r == THR_PARK_INTERRUPTED) interrupted(L, ts);
    else if (r == THR_PARK_DEADLOCK) give_up(L, ts);
    else thr_pending_disturbed(L, ts, r);
  }
  give_way(L, ts);
}

static int wait_only(lua_State *L) {
  wait_for_threads(L, thr_self(L));
  return 0;
}

int thr_end_shutdown(lua_State *L) {
  thr_tstate *ts = thr_self(L);
  thr_pending_checkown(L, ts);
  wait_for_threads(L, ts);
  stop_and_join(ts);
  return 0;
}

/* Ctrl-C or a cancellation has ended the wait: there may be another os.exit. */
static int not_ended(lua_State *L, thr_runtime *rt) {
  rt->ender = NULL;
  thr_unpark_all(&rt->ender);
  return lua_error(L);
}

/* os.exit, replaced: with `close` the state is closed, and whatever is
** younger than the sentinel would be finalised before the threads end. */
static int os_exit(lua_State *L) {
  thr_tstate *ts = thr_self_here(L);
  if (!ts || !lua_toboolean(L, 2)) return thr_replace_original(L);
  thr_pending_checkown(L, ts);
  give_way(L, ts);
  ts->rt->ender = ts;
  lua_pushcfunction(L, wait_only);
  if (lua_pcall(L, 0, 0, 0) != LUA_OK) return not_ended(L, ts->rt);
  stop_and_join(ts);
  ts->closes = true; /* finalisers run on the main state */
  return thr_replace_original(L);
}

/* --- where lua.c comes to its end --- */

/* Pushes the global `arg`, whatever _G's metatable thinks of it. */
static int push_arg(lua_State *L) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  lua_pushliteral(L, "arg");
  int type = lua_rawget(L, -2);
  lua_remove(L, -2);
  return type;
}

/* lua.c's script, as the source of its chunk; NULL under -i, whose lines are
** still to come when the script returns, and in other hosts. */
static char *script_source(lua_State *L) {
  char *source = NULL;
  int top = lua_gettop(L);
  bool interactive = false;
  if (push_arg(L) == LUA_TTABLE) {
    for (int i = -1; lua_rawgeti(L, top + 1, i) == LUA_TSTRING; i--)
      if (strcmp(lua_tostring(L, -1), "-i") == 0) interactive = true;
    if (!interactive && lua_rawgeti(L, top + 1, 0) == LUA_TSTRING) {
      lua_pushfstring(L, "@%s", lua_tostring(L, -1));
      source = thr_os_alloc(lua_rawlen(L, -1) + 1);
      if (source) strcpy(source, lua_tostring(L, -1));
    }
  }
  lua_settop(L, top);
  return source;
}

/* The script's chunk, called by lua.c's C function at the bottom.  To wait
** here, and not below, lets Ctrl-C end the wait: lua.c still handles it. */
static bool is_script(lua_State *L, const thr_runtime *rt, lua_Debug *ar) {
  lua_Debug below;
  if (!rt->script || !lua_getstack(L, 1, &below) ||
      lua_getstack(L, 2, &below))
    return false;
  lua_getinfo(L, "S", ar);
  return strcmp(ar->what, "main") == 0 && strcmp(ar->source, rt->script) == 0;
}

/* lua.c's C function itself, told by its arguments, argc and argv: it comes
** here after an error in the script, from -e and -i and standard input, and
** where the script has ended in a tail call.  Other hosts have no such. */
static bool is_lua_c(lua_State *L, lua_Debug *ar) {
  lua_Debug below;
  if (lua_getstack(L, 1, &below)) return false;
  lua_getinfo(L, "S", ar);
  if (strcmp(ar->what, "C") != 0) return false;
  int top = lua_gettop(L);
  bool is = lua_getlocal(L, ar, 1) && lua_isinteger(L, -1) &&
            lua_getlocal(L, ar, 2) && lua_islightuserdata(L, -1) &&
            push_arg(L) == LUA_TTABLE;
  lua_settop(L, top);
  return is;
}

void thr_end_at_return(thr_tstate *ts, lua_State *L, lua_Debug *ar) {
  thr_whose_at(ts, L);
  bool script = is_script(L, ts->rt, ar);
  if (!script && !is_lua_c(L, ar)) return;
  atomic_store(&ts->phase, THR_STOPPED); /* who joins it goes on */
  thr_unpark_all(&ts->phase);
  wait_for_threads(L, ts);
  if (script) return;
  ts->rt->ender = ts; /* lua_close is next */
  stop_and_join(ts);
}

/* --- sentinel and anchor --- */

static const char *const anchor = "threading.anchor";
static const char *const sentinel = "threading.sentinel";

static thr_tstate *self_or_null(lua_State *L) {
  return thr_tstate_current(lua_topointer(L, LUA_REGISTRYINDEX));
}

/* Drops the list's share of those that stay outside for good. */
static void delist_outside(thr_runtime *rt) {
  for (;;) {
    thr_mutex_lock(&rt->m);
    thr_tstate *ts = rt->threads;
    while (ts && !ts->outside) ts = ts->next;
    if (ts) rt->outside--;
    thr_mutex_unlock(&rt->m);
    if (!ts) return;
    thr_tstate_delist(ts);
  }
}

/* The main record's OS thread may be another one, that sleeps for ever: the
** record then stays, without an identity that a new Lua state could have. */
static void drop_records(thr_tstate *self) {
  thr_runtime *rt = self->rt;
  thr_tstate *main = rt->main;
  thr_mutex_lock(&rt->m);
  for (thr_tstate *ts = rt->threads; ts; ts = ts->next) ts->id = NULL;
  thr_mutex_unlock(&rt->m);
  delist_outside(rt);
  if (self == main) thr_tstate_delist(main);
  thr_tstate_unbind(self);
  thr_tstate_unref(main);
}

/* Whatever ends the wait, no thread may be left in a state that is closed. */
static int finish_close(lua_State *L, thr_tstate *ts) {
  lua_pushcfunction(L, wait_only);
  int status = lua_pcall(L, 0, 0, 0);
  if (!ts->rt->ender) ts->rt->ender = ts;
  stop_and_join(ts);
  return status;
}

static int sentinel_gc(lua_State *L) {
  thr_runtime **box = lua_touserdata(L, 1);
  thr_tstate *ts = self_or_null(L);
  thr_finaliser_enter(L);
  if (!ts || ts->rt->sentinel != (void *)box) return 0;
  return finish_close(L, ts) == LUA_OK ? 0 : lua_error(L);
}

/* A finaliser that starts the first thread while the state is closed makes a
** sentinel that nobody finalises: its threads are waited for here.  Then the
** global lock is not let go: a thread that was given up must never come back
** into a Lua state that is gone. */
static int anchor_gc(lua_State *L) {
  thr_finaliser_enter(L);
  thr_runtime **box = lua_touserdata(L, 1), *rt = *box;
  thr_tstate *ts = self_or_null(L);
  if (!rt || !ts) return 0;
  if (others_alive(ts) > rt->given_up) finish_close(L, ts);
  *box = NULL;
  if (rt->given_up == 0) thr_box_finish(L);
  thr_self_setgone(L);
  thr_os_free(rt->script);
  thr_gil_abandon(&rt->gil);
  drop_records(ts);
  thr_runtime_unref(rt);
  return 0;
}

/* An object that the registry keeps, under its metatable's name. */
static void *keep_object(lua_State *L, const char *name, lua_CFunction gc) {
  thr_runtime **box = lua_newuserdatauv(L, sizeof(*box), 0);
  *box = NULL;
  luaL_newmetatable(L, name);
  lua_pushcfunction(L, gc);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  lua_rawsetp(L, LUA_REGISTRYINDEX, name);
  return box;
}

void thr_end_refresh(lua_State *L, thr_runtime *rt) {
  rt->sentinel = keep_object(L, sentinel, sentinel_gc);
}

thr_runtime **thr_end_anchor(lua_State *L) {
  return keep_object(L, anchor, anchor_gc);
}

void thr_end_open(lua_State *L, thr_runtime *rt) {
  static const luaL_Reg functions[] = {{"exit", os_exit}, {NULL, NULL}};
  thr_replace(L, LUA_OSLIBNAME, functions);
  thr_end_refresh(L, rt);
  if (!rt->script) rt->script = script_source(L);
}
