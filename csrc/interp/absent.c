/* absent: see absent.h. */
#include "interp/absent.h"

#include <lauxlib.h>
#include <string.h>

/* Lua's words for a variable that is one: "(global 'name')", behind what was
** attempted with a nil value. */
static const char before[] = "(global '", after[] = "')", nothing[] = "a nil";

/* Pushes the name; false, and nothing: no global is said to be nil. */
static bool push_name(lua_State *L, const char *text) {
  const char *name = strstr(text, before);
  if (!name || !strstr(text, nothing)) return false;
  name += sizeof(before) - 1;
  const char *end = strstr(name, after);
  if (!end) return false;
  lua_pushlstring(L, name, (size_t)(end - name));
  return true;
}

static bool is_here(lua_State *L, int name) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  lua_pushvalue(L, name);
  bool is = lua_rawget(L, -2) != LUA_TNIL;
  lua_pop(L, 2);
  return is;
}

void thr_absent_explain(lua_State *L, int idx) {
  int at = lua_absindex(L, idx);
  luaL_checkstack(L, 4, NULL);
  if (lua_type(L, at) != LUA_TSTRING || !push_name(L, lua_tostring(L, at)))
    return;
  int name = lua_gettop(L);
  if (is_here(L, name)) {
    lua_pushfstring(L, "%s: '%s' is a global of the caller: give it as an "
                    "argument, or set it there, by prepare_main or a pool's "
                    "initializer", lua_tostring(L, at), lua_tostring(L, name));
    lua_replace(L, at);
  }
  lua_settop(L, name - 1);
}
