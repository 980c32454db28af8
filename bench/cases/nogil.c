/*
** nogil: a plain function of C that lets go of the lock and takes it again;
** the yardstick of a kernel's call.  It looks for the lock's functions once.
** And BEGIN and END of threading.h, measured alone.
*/
#include <lauxlib.h>
#include <lua.h>

#include "../../csrc/include/threading.h"

static const threading_api *api;

static int nogil_add(lua_State *L) {
  lua_Number a = luaL_checknumber(L, 1), b = luaL_checknumber(L, 2);
  threading_thread *self = api->self(L);
  api->release(self);
  a += b;
  api->take(self);
  lua_pushnumber(L, a);
  return 1;
}

/* pairs(n): the brackets alone, so many times. */
static int nogil_pairs(lua_State *L) {
  lua_Integer n = luaL_checkinteger(L, 1);
  for (lua_Integer i = 0; i < n; i++) {
    THREADING_BEGIN_NOGIL(L)
    THREADING_END_NOGIL(L)
  }
  return 0;
}

int luaopen_nogil(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"add", nogil_add}, {"pairs", nogil_pairs}, {NULL, NULL}};
  api = threading_getapi(L);
  luaL_newlib(L, functions);
  return 1;
}
