/* sighook: see sighook.h. */
#include "bind/sighook.h"

#include <lauxlib.h>
#include <string.h>

#include "gil/ctrlc.h"

typedef struct {
  lua_Hook fn;
  lua_Debug *ar;
} hook_call;

static int call_hook(lua_State *L) {
  hook_call *c = lua_touserdata(L, 1);
  lua_settop(L, 0);
  c->fn(L, c->ar);
  return 0;
}

/* luaL_error took the place of the hook's own frame for its caller's. */
static void correct_place(lua_State *L) {
  luaL_where(L, 0);
  size_t n = lua_rawlen(L, -1);
  if (n > 0 && lua_type(L, -2) == LUA_TSTRING &&
      strncmp(lua_tostring(L, -2), lua_tostring(L, -1), n) == 0) {
    luaL_where(L, 1);
    lua_pushstring(L, lua_tostring(L, -3) + n);
    lua_concat(L, 2);
    lua_replace(L, -3);
  }
  lua_pop(L, 1);
}

void thr_sighook_call(thr_tstate *ts, lua_State *L, lua_Hook fn,
                      lua_Debug *ar) {
  hook_call c = {fn, ar};
  lua_pushcfunction(L, call_hook);
  lua_pushlightuserdata(L, &c);
  int status = lua_pcall(L, 1, 0, 0);
  thr_ctrlc_served(ts);
  if (status == LUA_OK) return;
  correct_place(L);
  lua_error(L);
}
