/* call: see call.h. */
#include "future/call.h"

#include <lauxlib.h>

#include "bind/describe.h"
#include "bind/unwind.h"

/* Replaces the n values on top by a table {n =, ...}. */
static void pack(lua_State *L, int n) {
  lua_createtable(L, n, 1);
  lua_insert(L, -n - 1);
  for (int i = n; i > 0; i--) lua_rawseti(L, -i - 1, i);
  lua_pushinteger(L, n);
  lua_setfield(L, -2, "n");
}

/* Replaces the table on top by what pack has packed; returns how many. */
static int unpack(lua_State *L) {
  int table = lua_gettop(L);
  lua_getfield(L, table, "n");
  int n = (int)lua_tointeger(L, -1);
  lua_pop(L, 1);
  luaL_checkstack(L, n + 4, "too many values");
  for (int i = 1; i <= n; i++) lua_rawgeti(L, table, i);
  lua_remove(L, table);
  return n;
}

void thr_call_pack(lua_State *L) { pack(L, lua_gettop(L)); }

/* The message handler: leaves the traceback in the box, its upvalue. */
static int on_error(lua_State *L) {
  if (!thr_unwind_isexit(L, 1)) {
    thr_describe_pushtraceback(L, thr_describe_pusherror(L, 1));
    lua_setiuservalue(L, lua_upvalueindex(1), THR_CALL_TRACEBACK);
  }
  lua_settop(L, 1);
  return 1;
}

void thr_call_pushhandler(lua_State *L) {
  lua_pushnil(L);
  lua_pushcclosure(L, on_error, 1);
}

/* Pops the box, or nil: it must not be held longer than the call. */
static void set_box(lua_State *L, int handler) {
  lua_setupvalue(L, handler, 1);
}

int thr_call_return(lua_State *L, int n) {
  if (n != 1) pack(L, n);
  lua_pushboolean(L, n != 1);
  return 2;
}

/* Pushes what the function returns; returns how many values. */
static int call_content(lua_State *L) {
  lua_getiuservalue(L, 1, THR_CALL_CONTENT);
  lua_pushnil(L);
  lua_setiuservalue(L, 1, THR_CALL_CONTENT);
  int n = unpack(L);
  lua_call(L, n - 1, LUA_MULTRET);
  return lua_gettop(L) - 1;
}

static int call(lua_State *L) {
  return thr_call_return(L, call_content(L));
}

/* (box): makes the call, which returns true, and the results; or false, the
** error, and its traceback or nil. */
static int relay(lua_State *L) {
  int n = call_content(L);
  if (n > 0 && lua_toboolean(L, 2)) return thr_call_return(L, n - 1);
  lua_settop(L, 4);
  lua_setiuservalue(L, 1, THR_CALL_TRACEBACK);
  return lua_error(L);
}

static void keep(lua_State *L, bool packed) {
  lua_setiuservalue(L, 1, THR_CALL_CONTENT);
  lua_pushboolean(L, packed);
  lua_setiuservalue(L, 1, THR_CALL_PACKED);
}

bool thr_call_protect(lua_State *L, int nargs, int handler) {
  bool ok = lua_pcall(L, nargs, 2, handler) == LUA_OK;
  bool packed = ok && lua_toboolean(L, -1);
  if (ok) lua_pop(L, 1);
  keep(L, packed);
  return ok;
}

bool thr_call_make(lua_State *L, int handler) {
  lua_pushvalue(L, 1);
  set_box(L, handler);
  lua_pushcfunction(L, call);
  lua_pushvalue(L, 1);
  bool ok = thr_call_protect(L, 1, handler);
  lua_pushnil(L);
  set_box(L, handler);
  return ok;
}

bool thr_call_relay(lua_State *L) {
  lua_pushcfunction(L, relay);
  lua_pushvalue(L, 1);
  return thr_call_protect(L, 1, 0);
}

void thr_call_fail(lua_State *L) { keep(L, false); }

int thr_call_pushoutcome(lua_State *L) {
  lua_getiuservalue(L, 1, THR_CALL_PACKED);
  bool packed = lua_toboolean(L, -1);
  lua_getiuservalue(L, 1, THR_CALL_CONTENT);
  return packed ? unpack(L) : 1;
}
