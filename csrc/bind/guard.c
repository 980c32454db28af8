/* guard: see guard.h. */
#include "bind/guard.h"

#include "bind/self.h"

int thr_guard(lua_State *L) {
  lua_settop(L, 1);
  thr_self(L)->asked.guarded = true;
  return 1;
}

static int with_done(lua_State *L, int status, lua_KContext ctx) {
  (void)status;
  (void)ctx;
  return lua_gettop(L) - 1; /* all above the to-be-closed value */
}

int thr_guard_with(lua_State *L) {
  int nargs = lua_gettop(L) - 2;
  lua_toclose(L, 1);
  lua_callk(L, nargs, LUA_MULTRET, 0, with_done);
  return with_done(L, LUA_OK, 0);
}
