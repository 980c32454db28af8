/* listeners: see listeners.h. */
#include "future/listeners.h"

#include <lauxlib.h>
#include <stdio.h>

#include "bind/describe.h"
#include "bind/unwind.h"

void thr_listeners_add(lua_State *L) {
  if (lua_getiuservalue(L, 1, THR_LISTENERS) == LUA_TNIL) {
    lua_pop(L, 1);
    lua_createtable(L, 1, 0);
    lua_pushvalue(L, -1);
    lua_setiuservalue(L, 1, THR_LISTENERS);
  }
  lua_pushvalue(L, 2);
  lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
  lua_pop(L, 1);
}

void thr_listeners_remove(lua_State *L) {
  if (lua_getiuservalue(L, 1, THR_LISTENERS) != LUA_TNIL) {
    int list = lua_gettop(L);
    for (lua_Integer i = 1; lua_rawgeti(L, list, i) != LUA_TNIL; i++) {
      if (lua_rawequal(L, 2, -1)) {
        lua_pushboolean(L, 0);
        lua_rawseti(L, list, i);
      }
      lua_pop(L, 1);
    }
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

static int add_traceback(lua_State *L) {
  if (thr_unwind_isexit(L, 1) || thr_unwind_isasked(L, 1)) return 1;
  thr_describe_pushtraceback(L, thr_describe_pusherror(L, 1));
  return 1;
}

static int put(lua_State *L) {
  lua_getfield(L, 1, "put");
  lua_insert(L, 1);
  lua_call(L, 2, 0);
  return 0;
}

/* Notifies the one on top of the stack.  False: in its place is left what was
** asked of this thread meanwhile. */
static bool notify(lua_State *L) {
  int base = lua_gettop(L);
  bool queue = lua_isuserdata(L, base);
  lua_pushcfunction(L, add_traceback);
  if (queue) lua_pushcfunction(L, put);
  lua_pushvalue(L, base);
  lua_pushvalue(L, 1);
  int status = lua_pcall(L, queue ? 2 : 1, 0, base + 1);
  bool asked = status != LUA_OK && thr_unwind_isasked(L, -1);
  if (asked)
    lua_replace(L, base);
  else if (status != LUA_OK && !thr_unwind_isexit(L, -1))
    fprintf(stderr, "Exception in a callback of a Future:\n%s\n",
            lua_tostring(L, -1));
  lua_settop(L, asked ? base : base - 1);
  return !asked;
}

void thr_listeners_notifyone(lua_State *L) {
  if (!notify(L)) lua_error(L);
}

void thr_listeners_notify(lua_State *L) {
  if (lua_getiuservalue(L, 1, THR_LISTENERS) != LUA_TNIL) {
    int list = lua_gettop(L);
    lua_pushnil(L);
    lua_setiuservalue(L, 1, THR_LISTENERS);
    lua_pushnil(L); /* what is to be raised when all are notified */
    for (lua_Integer i = 1; lua_rawgeti(L, list, i) != LUA_TNIL; i++)
      if (!lua_toboolean(L, -1)) lua_pop(L, 1);
      else if (!notify(L)) lua_replace(L, list + 1);
    lua_settop(L, list + 1);
    if (!lua_isnil(L, -1)) lua_error(L);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}
