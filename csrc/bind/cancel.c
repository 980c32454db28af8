/* cancel: see cancel.h. */
#include "bind/cancel.h"

#include <lauxlib.h>

const char thr_key_messages = 0;

static const char *const cancelled = "threading.Cancelled"; /* metatable */

void thr_cancel_setmessage(lua_State *L, thr_tstate *ts, int idx) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &thr_key_messages);
  lua_pushvalue(L, idx);
  lua_rawseti(L, -2, (lua_Integer)ts->ident);
  lua_pop(L, 1);
}

/* Makes of the message on top of the stack the error object. */
static void wrap(lua_State *L) {
  lua_createtable(L, 0, 1);
  lua_insert(L, -2);
  lua_setfield(L, -2, "message");
  luaL_setmetatable(L, cancelled);
}

void thr_cancel_push(lua_State *L, thr_tstate *ts) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &thr_key_messages);
  lua_rawgeti(L, -1, (lua_Integer)ts->ident);
  if (!thr_cancel_is(L, -1)) wrap(L);
  lua_pushvalue(L, -1);
  lua_rawseti(L, -3, (lua_Integer)ts->ident);
  lua_remove(L, -2);
}

static int cancelled_tostring(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  if (lua_getfield(L, 1, "message") == LUA_TNIL)
    lua_pushliteral(L, "cancelled");
  else lua_pushfstring(L, "cancelled: %s", luaL_tolstring(L, -1, NULL));
  return 1;
}

bool thr_cancel_is(lua_State *L, int idx) {
  if (!lua_istable(L, idx) || !lua_getmetatable(L, idx)) return false;
  luaL_getmetatable(L, cancelled);
  bool is = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return is;
}

int thr_cancel_iscancelled(lua_State *L) {
  lua_pushboolean(L, thr_cancel_is(L, 1));
  return 1;
}

void thr_cancel_open(lua_State *L) {
  lua_newtable(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &thr_key_messages);
  luaL_newmetatable(L, cancelled);
  lua_pushcfunction(L, cancelled_tostring);
  lua_setfield(L, -2, "__tostring");
  lua_pop(L, 1);
}
