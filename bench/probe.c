/*
** probe: what the measured Lua programs need of C.  A clock that does not
** depend on `threading`, the memory that the process has of its own, and the
** yardstick of a method call: a userdata with two empty C methods.
*/
#include <lauxlib.h>
#include <lua.h>

#include "measure.h"

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

int luaopen_probe(lua_State *L) {
  static const luaL_Reg functions[] = {{"now", probe_now},
                                       {"memory", probe_memory},
                                       {"object", probe_object},
                                       {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
