/*
** probe: what the measured Lua programs need of C.  A clock that does not
** depend on `threading`, the memory that the process has of its own, and the
** yardsticks: a plain Lua state, a userdata with two empty C methods, and one
** whose elements are read and written by the cheapest __index and __newindex
** that C can have.
*/
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <string.h>

#include "measure.h"

#if LUA_VERSION_NUM < 504
#define lua_newuserdatauv(L, size, n) lua_newuserdata(L, size)
#endif

static int probe_now(lua_State *L) {
  lua_pushnumber(L, now());
  return 1;
}

static int probe_memory(lua_State *L) {
  lua_pushnumber(L, memory());
  return 1;
}

static int empty(lua_State *L) {
  (void)L;
  return 0;
}

static int probe_object(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"acquire", empty}, {"release", empty}, {NULL, NULL}};
  lua_newuserdatauv(L, sizeof(void *), 0);
  luaL_newlib(L, methods);
  lua_pushvalue(L, -1);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, -2);
  return 1;
}

static int numbers_index(lua_State *L) {
  const lua_Number *p = lua_touserdata(L, 1);
  lua_pushnumber(L, p[lua_tointeger(L, 2) - 1]);
  return 1;
}

static int numbers_newindex(lua_State *L) {
  lua_Number *p = lua_touserdata(L, 1);
  p[lua_tointeger(L, 2) - 1] = lua_tonumber(L, 3);
  return 0;
}

/* numbers(n): n numbers; nothing is checked. */
static int probe_numbers(lua_State *L) {
  static const luaL_Reg methods[] = {{"__index", numbers_index},
                                     {"__newindex", numbers_newindex},
                                     {NULL, NULL}};
  size_t n = (size_t)luaL_checkinteger(L, 1);
  memset(lua_newuserdatauv(L, n * sizeof(lua_Number), 0), 0,
         n * sizeof(lua_Number));
  luaL_newlib(L, methods);
  lua_setmetatable(L, -2);
  return 1;
}

/* Makes a Lua state with the standard library, and closes it. */
static int probe_newstate(lua_State *L) {
  lua_State *plain = luaL_newstate();
  if (!plain) return luaL_error(L, "not enough memory");
  luaL_openlibs(plain);
  lua_close(plain);
  return 0;
}

int luaopen_probe(lua_State *L) {
  static const luaL_Reg functions[] = {{"now", probe_now},
                                       {"memory", probe_memory},
                                       {"numbers", probe_numbers},
                                       {"object", probe_object},
                                       {"newstate", probe_newstate},
                                       {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
