/* failure: see failure.h. */
#include "interp/failure.h"

#include <lauxlib.h>
#include <string.h>

#include "bind/unwind.h"

static const char key_report = 0; /* in a table: it is a report */

/* Where in a traceback the function begins by which a worker process makes its
** calls, and all below it; the end, where that is not in it. */
static size_t find_bottom(const char *text, size_t n) {
  const char *at = strstr(text, "'threading._thread._answer'\n");
  while (at && at > text && *at != '\n') at--;
  return at ? (size_t)(at - text) : n;
}

/* What is at the bottom is ours: it has no name, and says nothing.  Where there
** is nothing else, there is no traceback: nil. */
static void push_traceback(lua_State *L) {
  static const char ours[] = "\n\t[C]: in ?", head[] = "stack traceback:";
  size_t n, cut = sizeof(ours) - 1;
  luaL_traceback(L, L, NULL, 1);
  const char *text = lua_tolstring(L, -1, &n);
  n = find_bottom(text, n);
  while (n > cut && memcmp(text + n - cut, ours, cut) == 0) n -= cut;
  if (n >= sizeof(head)) lua_pushlstring(L, text, n);
  else lua_pushnil(L);
  lua_remove(L, -2);
}

int thr_failure_handler(lua_State *L) {
  if (thr_unwind_isexit(L, 1) || thr_unwind_isasked(L, 1)) return 1;
  push_traceback(L);
  lua_createtable(L, 2, 1);
  lua_pushboolean(L, 1);
  lua_rawsetp(L, -2, &key_report);
  lua_insert(L, 1);
  lua_rawseti(L, 1, 2);
  lua_rawseti(L, 1, 1);
  return 1;
}

/* Replaces the error on top by what is told of it. */
static void push_told(lua_State *L) {
  int err = lua_gettop(L);
  lua_pushboolean(L, 0);
  if (lua_istable(L, err) && lua_rawgetp(L, err, &key_report) != LUA_TNIL) {
    lua_rawgeti(L, err, 1);
    lua_rawgeti(L, err, 2);
    lua_remove(L, -3);
  } else {
    lua_settop(L, err + 1);
    lua_pushvalue(L, err);
    lua_pushnil(L);
  }
  lua_remove(L, err);
}

typedef struct {
  thr_encoding *encode;
  thr_message *m;
} telling;

/* (telling, false, error, traceback) */
static int encode_told(lua_State *L) {
  telling *t = lua_touserdata(L, 1);
  t->m = t->encode(L, 2, 3, "ok,error,traceback");
  return 0;
}

thr_message *thr_failure_encode(lua_State *L, thr_encoding *encode) {
  telling t = {encode, NULL};
  int first = lua_gettop(L);
  push_told(L);
  lua_pushcfunction(L, encode_told);
  lua_pushlightuserdata(L, &t);
  for (int i = 0; i < 3; i++) lua_pushvalue(L, first + i);
  if (lua_pcall(L, 4, 0, 0) != LUA_OK) {
    luaL_tolstring(L, first + 1, NULL);
    lua_replace(L, first + 1);
    lua_settop(L, first + 2);
    t.m = encode(L, first, 3, "ok,error,traceback");
  }
  lua_settop(L, first - 1);
  return t.m;
}

void thr_failure_completetraceback(lua_State *L) {
  if (lua_isnil(L, -1)) return;
  luaL_tolstring(L, -2, NULL);
  lua_pushliteral(L, "\n");
  lua_rotate(L, -3, 2);
  lua_concat(L, 3);
}
