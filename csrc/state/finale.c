/* finale: see finale.h. */
#include "state/finale.h"

#include <lauxlib.h>
#include <string.h>

#include "bind/box.h"
#include "bind/finaliser.h"
#include "bind/self.h"
#include "gil/ctrlc.h"
#include "gil/gil.h"
#include "park/lot.h"
#include "state/lasting.h"
#include "state/shutdown.h"

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

/* Has it a name?  The interpreter's is before it then, in `arg`. */
static bool is_named(lua_State *L) {
  int top = lua_gettop(L);
  bool is = push_arg(L) == LUA_TTABLE &&
            lua_rawgeti(L, -1, -1) == LUA_TSTRING;
  lua_settop(L, top);
  return is;
}

/* The script's chunk, called by lua.c's C function at the bottom.  To wait
** here, and not below, lets Ctrl-C end the wait: lua.c still handles it. */
static bool is_script(lua_State *L, const thr_runtime *rt, lua_Debug *ar) {
  lua_Debug below;
  if (!rt->end.script || !lua_getstack(L, 1, &below) ||
      lua_getstack(L, 2, &below))
    return false;
  lua_getinfo(L, "S", ar);
  return strcmp(ar->what, "main") == 0 &&
         strcmp(ar->source, rt->end.script) == 0;
}

/* lua.c's C function itself, known by its arguments, argc and argv: it comes
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

static int wait(lua_State *L) {
  thr_shutdown_wait(L, thr_self(L));
  return 0;
}

/* lua.c has taken its handler of Ctrl-C off.  Where that has ended the script,
** it was the first. */
static void wait_in_lua_c(lua_State *L, thr_tstate *ts) {
  if (ts->rt->ctrlc.came && !ts->rt->end.abandoned)
    thr_lasting_tell(ts, ts->rt);
  thr_ctrlc_catch();
  lua_pushcfunction(L, wait);
  int status = lua_pcall(L, 0, 0, 0);
  thr_ctrlc_uncatch();
  if (status != LUA_OK) lua_error(L);
}

void thr_finale_atreturn(thr_tstate *ts, lua_State *L, lua_Debug *ar) {
  thr_whose_at(ts, L);
  bool script = is_script(L, ts->rt, ar);
  if (!script && !is_lua_c(L, ar)) return;
  atomic_store(&ts->life.phase, THR_STOPPED); /* ends the waits to join it */
  thr_unpark_all(&ts->life.phase);
  if (script) {
    thr_shutdown_wait(L, ts);
    return;
  }
  wait_in_lua_c(L, ts);
  ts->rt->end.ender = ts; /* lua_close is next */
  thr_shutdown_stop(ts);
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
    while (ts && !ts->nest.outside) ts = ts->next;
    if (ts) rt->attach.outside--;
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
  thr_group_leave(&rt->member);
  thr_mutex_lock(&rt->m);
  for (thr_tstate *ts = rt->threads; ts; ts = ts->next) ts->id = NULL;
  thr_mutex_unlock(&rt->m);
  delist_outside(rt);
  if (self == main) thr_tstate_delist(main);
  thr_tstate_unbind(self);
  thr_tstate_unref(main);
}

static int sentinel_gc(lua_State *L) {
  thr_runtime **box = lua_touserdata(L, 1);
  thr_tstate *ts = self_or_null(L);
  thr_finaliser_enter(L);
  if (!ts || ts->rt->end.sentinel != (void *)box) return 0;
  return thr_shutdown_close(L, ts) == LUA_OK ? 0 : lua_error(L);
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
  if (thr_shutdown_others(ts) > rt->end.given_up) thr_shutdown_close(L, ts);
  *box = NULL;
  if (rt->end.given_up == 0) thr_box_finish(L);
  thr_box_forgetall(rt);
  thr_self_setgone(L);
  thr_os_free(rt->end.script);
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

void thr_finale_refresh(lua_State *L, thr_runtime *rt) {
  rt->end.sentinel = keep_object(L, sentinel, sentinel_gc);
}

thr_runtime **thr_finale_anchor(lua_State *L) {
  return keep_object(L, anchor, anchor_gc);
}

void thr_finale_open(lua_State *L, thr_runtime *rt) {
  thr_finale_refresh(L, rt);
  if (rt->end.script) return;
  rt->end.script = script_source(L);
  rt->end.one_chunk = rt->end.script && is_named(L);
}
