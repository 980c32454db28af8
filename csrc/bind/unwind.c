/* unwind: see unwind.h. */
#include "bind/unwind.h"

#include <lauxlib.h>
#include <string.h>

#include "bind/cancel.h"
#include "gil/record.h"

static const char key_exit = 0; /* registry: the error object of exit() */
static const char key_stop = 0; /* registry: that of the end of the program */

static void raise_key(lua_State *L, const void *key) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, key);
  lua_error(L);
}

void thr_unwind_stop(lua_State *L) { raise_key(L, &key_stop); }

int thr_unwind_exit(lua_State *L) {
  raise_key(L, &key_exit);
  return 0;
}

bool thr_unwind_isexit(lua_State *L, int idx) {
  idx = lua_absindex(L, idx);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &key_exit);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &key_stop);
  bool is = lua_rawequal(L, idx, -1) || lua_rawequal(L, idx, -2);
  lua_pop(L, 2);
  return is || thr_cancel_is(L, idx);
}

/* Where it is raised last, in which place does not matter. */
static bool is_interrupted(lua_State *L, int idx) {
  static const char text[] = "interrupted!";
  size_t n, least = sizeof(text) - 1;
  if (lua_type(L, idx) != LUA_TSTRING) return false;
  const char *s = lua_tolstring(L, idx, &n);
  return n >= least && memcmp(s + n - least, text, least) == 0;
}

bool thr_unwind_isasked(lua_State *L, int idx) {
  thr_tstate *ts = thr_tstate_current(lua_topointer(L, LUA_REGISTRYINDEX));
  if (!ts) return false;
  if (ts->signals && is_interrupted(L, idx)) return true;
  idx = lua_absindex(L, idx);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &key_stop);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &thr_key_messages);
  lua_rawgeti(L, -1, (lua_Integer)ts->ident);
  bool is = lua_rawequal(L, idx, -3) ||
            (thr_cancel_is(L, -1) && lua_rawequal(L, idx, -1));
  lua_pop(L, 3);
  return is;
}

static int tried(lua_State *L, int status, lua_KContext ctx) {
  (void)ctx;
  if (status == LUA_OK || status == LUA_YIELD) return lua_gettop(L);
  if (thr_unwind_isasked(L, -1)) return lua_error(L);
  lua_pushboolean(L, 0);
  lua_insert(L, -2);
  return 2;
}

int thr_unwind_try(lua_State *L) {
  luaL_checkany(L, 1);
  lua_pushboolean(L, 1);
  lua_insert(L, 1);
  int nargs = lua_gettop(L) - 2;
  return tried(L, lua_pcallk(L, nargs, LUA_MULTRET, 0, 0, tried), 0);
}

static int signal_tostring(lua_State *L) {
  lua_pushvalue(L, lua_upvalueindex(1));
  return 1;
}

/* An error object that is equal to itself only and says what it means. */
static void new_signal(lua_State *L, const void *key, const char *text) {
  lua_newuserdatauv(L, 0, 0);
  lua_createtable(L, 0, 2);
  lua_pushstring(L, text);
  lua_pushcclosure(L, signal_tostring, 1);
  lua_setfield(L, -2, "__tostring");
  lua_pushstring(L, text);
  lua_setfield(L, -2, "__name");
  lua_setmetatable(L, -2);
  lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}

void thr_unwind_open(lua_State *L) {
  new_signal(L, &key_exit, "threading.exit");
  new_signal(L, &key_stop, "the program ends");
}
