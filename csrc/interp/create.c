/* create: see create.h. */
#include "interp/create.h"

#include <lauxlib.h>
#include <lualib.h>

#include "bind/blame.h"
#include "bind/self.h"
#include "cross/decode.h"
#include "cross/encode.h"
#include "gil/gil.h"
#include "interp/chunks.h"
#include "interp/current.h"
#include "interp/equip.h"
#include "interp/finish.h"
#include "state/open.h"
#include "state/require.h"

/* --- what a new one gets of its maker --- */

/* Pushes package.path, package.cpath; */
static int push_settings(lua_State *L) {
  int top = lua_gettop(L);
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_getfield(L, -1, LUA_LOADLIBNAME);
  lua_remove(L, -2);
  lua_getfield(L, top + 1, "path");
  lua_getfield(L, top + 1, "cpath");
  lua_remove(L, top + 1);
  return 2;
}

static void take_settings(lua_State *L, const thr_message *settings) {
  int top = lua_gettop(L);
  thr_decode(L, settings);
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_getfield(L, -1, LUA_LOADLIBNAME);
  lua_pushvalue(L, top + 1);
  lua_setfield(L, -2, "path");
  lua_pushvalue(L, top + 2);
  lua_setfield(L, -2, "cpath");
  lua_settop(L, top);
}

/* --- making it --- */

typedef struct {
  thr_tstate *maker;
  thr_interp *main, *made;
  thr_message *settings;
} birth;

int luaopen_threading__thread(lua_State *L); /* module.c */

/* So that it is found without a search, and is this copy of it. */
static void preload_module(lua_State *L) {
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, luaopen_threading__thread);
  lua_setfield(L, -2, "threading._thread");
  lua_pop(L, 1);
}

static void make_types(lua_State *L) {
  int top = lua_gettop(L);
  luaL_requiref(L, "threading._thread", luaopen_threading__thread, 0);
  lua_settop(L, top);
}

/* On the new state, protected. */
static int set_up(lua_State *L) {
  birth *b = lua_touserdata(L, 1);
  const thr_runtime *maker = b->maker->rt;
  luaL_openlibs(L);
  thr_runtime *rt = thr_open_made(L, maker->member.group);
  thr_gil_setinterval(&rt->gil, thr_gil_interval((thr_gil *)&maker->gil));
  rt->stack = (size_t)maker->stack;
  rt->calls.at_share = make_types;
  thr_equip(L, rt);
  thr_require_open(L);
  thr_chunks_open(L);
  preload_module(L);
  thr_current_set(L, NULL);
  take_settings(L, b->settings);
  b->made = thr_interp_new(rt, b->main);
  if (!b->made) luaL_error(L, "not enough memory");
  thr_current_set(L, b->made);
  return 0;
}

/* The record that has made the state is nobody's from now on. */
static void leave_new(lua_State *L) {
  thr_tstate *main = thr_self_runtime(L)->main;
  thr_gil_release(main);
  thr_tstate_unbind(main);
}

/* Without the maker's global lock.  Returns its Lua state with an error on top,
** or NULL: it is made, or there was no memory. */
static lua_State *make(birth *b) {
  lua_State *L = luaL_newstate();
  if (!L) return NULL;
  lua_pushcfunction(L, set_up);
  lua_pushlightuserdata(L, b);
  if (lua_pcall(L, 1, 0, 0) != LUA_OK) return L;
  leave_new(L);
  return NULL;
}

/* The error that has ended the birth, of its Lua state, which is closed. */
static int refuse(lua_State *L, birth *b, lua_State *failed) {
  thr_message *m = NULL;
  if (failed) lua_pushstring(L, luaL_tolstring(failed, -1, NULL));
  else lua_pushliteral(L, "not enough memory");
  (void)m;
  if (failed) lua_close(failed);
  if (b->made) thr_interp_unbox(b->made);
  return thr_blame_error(L, "%s", lua_tostring(L, -1));
}

thr_interp *thr_create(lua_State *L) {
  birth b = {.maker = thr_self(L), .main = thr_current(L)->main};
  thr_finish_dropped(L, b.main);
  int n = push_settings(L);
  b.settings = thr_encode(L, lua_gettop(L) - n + 1, n,
                          "package.path,package.cpath");
  lua_pop(L, n);
  thr_gil_release(b.maker);
  lua_State *failed = make(&b);
  thr_gil_take(b.maker, THR_AT_ONCE);
  thr_message_free(b.settings);
  if (failed || !b.made) refuse(L, &b, failed);
  thr_interp_enlist(b.made);
  return b.made;
}
