/* self: see self.h. */
#include "bind/self.h"

#include "bind/blame.h"
#include "gil/gil.h"

/* Lua code runs without the global lock: takes it, and raises. */
static void come_back(lua_State *L, thr_tstate *ts) {
  const char *place = ts->lua.left_at ? ts->lua.left_at : "";
  ts->gil.nogil = false;
  thr_gil_take(ts, THR_AT_ONCE);
  ts->lua.quick = ts->lua.running;
  thr_whose_at(ts, L);
  ts->lua.left_at = NULL;
  thr_blame_error(L,
                  "Lua goes on without the global lock: the C function that "
                  "was called%s%s has returned between THREADING_BEGIN_NOGIL "
                  "and THREADING_END_NOGIL",
                  *place ? " at " : "", place);
}

static const char key_gone = 0;    /* registry: is the library gone? */
static const char key_runtime = 0; /* registry: light userdata, or false */

bool thr_self_isgone(lua_State *L) {
  luaL_checkstack(L, 1, NULL);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &key_gone);
  bool gone = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return gone;
}

int thr_self_refusegone(lua_State *L) {
  return thr_blame_error(L, "the Lua state is being closed, and threading with "
                            "it");
}

static thr_tstate *no_record(lua_State *L) {
  if (thr_self_isgone(L)) thr_self_refusegone(L);
  thr_blame_error(L, "this OS thread is not attached to the Lua state");
  return NULL;
}

thr_tstate *thr_self_find(lua_State *L) {
  thr_tstate *ts = thr_tstate_current(lua_topointer(L, LUA_REGISTRYINDEX));
  if (!ts) return no_record(L);
  if (!ts->gil.held) come_back(L, ts);
  thr_whose_at(ts, L);
  return ts;
}

/* The keys exist from the beginning, so that to set them needs no memory. */
void thr_self_open(lua_State *L) {
  lua_pushboolean(L, 0);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key_gone);
  lua_pushboolean(L, 0);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key_runtime);
}

void thr_self_setruntime(lua_State *L, thr_runtime *rt) {
  lua_pushlightuserdata(L, rt);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key_runtime);
}

thr_runtime *thr_self_runtime(lua_State *L) {
  luaL_checkstack(L, 1, NULL);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &key_runtime);
  thr_runtime *rt = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return rt;
}

void thr_self_setgone(lua_State *L) {
  lua_pushboolean(L, 1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key_gone);
  lua_pushboolean(L, 0);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key_runtime);
}

thr_tstate *thr_self_findhere(lua_State *L) {
  return thr_self_isgone(L) ? NULL : thr_self_find(L);
}
