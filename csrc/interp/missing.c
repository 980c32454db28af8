/* missing: see missing.h. */
#include "interp/missing.h"

#include <lauxlib.h>
#include <string.h>

/* Pushes the name of the global that Lua's text says is nil; or nothing. */
static bool push_name(lua_State *L, const char *text) {
  static const char mark[] = "a nil value (global '";
  const char *name = strstr(text, mark);
  if (!name) return false;
  name += sizeof(mark) - 1;
  const char *end = strchr(name, '\'');
  if (!end || end[1] != ')') return false;
  lua_pushlstring(L, name, (size_t)(end - name));
  return true;
}

/* Is there a global of the name on top of the stack? */
static bool is_here(lua_State *L) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  lua_pushvalue(L, -2);
  bool is = lua_rawget(L, -2) != LUA_TNIL;
  lua_pop(L, 2);
  return is;
}

void thr_missing_explain(lua_State *L, int idx) {
  int top = lua_gettop(L);
  idx = lua_absindex(L, idx);
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  if (push_name(L, lua_tostring(L, idx)) && is_here(L)) {
    lua_pushfstring(L, "%s: %s is a global of the caller; pass it by "
                    "prepare_main", lua_tostring(L, idx), lua_tostring(L, -1));
    lua_replace(L, idx);
  }
  lua_settop(L, top);
}
