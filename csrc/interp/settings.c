/* settings: see settings.h. */
#include "interp/settings.h"

#include <lauxlib.h>
#include <lualib.h>

#include "bind/blame.h"
#include "cross/decode.h"
#include "cross/encode.h"
#include "gil/gil.h"

static void push_package(lua_State *L) {
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_getfield(L, -1, LUA_LOADLIBNAME);
  lua_remove(L, -2);
}

/* A C function without upvalues is a pointer, which any Lua state can call. */
typedef union {
  lua_CFunction function;
  void *pointer;
} address;

static bool is_address(lua_State *L, int idx) {
  if (!lua_iscfunction(L, idx)) return false;
  if (!lua_getupvalue(L, idx, 1)) return true;
  lua_pop(L, 1);
  return false;
}

/* --- of the creator --- */

static int try_encode(lua_State *L) {
  thr_message_free(thr_encode(L, 1, 1, "the function"));
  return 0;
}

/* Replaces the function on top by what is sent of it: its address; itself; or,
** where it cannot cross, a text that says why. */
static void prepare(lua_State *L) {
  address a;
  if (is_address(L, -1)) {
    a.function = lua_tocfunction(L, -1);
    lua_pushlightuserdata(L, a.pointer);
    lua_remove(L, -2);
    return;
  }
  lua_pushcfunction(L, try_encode);
  lua_pushvalue(L, -2);
  if (lua_pcall(L, 1, 0, 0) == LUA_OK) return;
  luaL_tolstring(L, -1, NULL);
  lua_replace(L, -3);
  lua_pop(L, 1);
}

/* Makes a table of the nil at idx, when something is to be put into it. */
static void need_table(lua_State *L, int idx) {
  if (!lua_isnil(L, idx)) return;
  lua_newtable(L);
  lua_replace(L, idx);
}

/* nil: there is nothing in it. */
static void push_preload(lua_State *L) {
  int top = lua_gettop(L);
  lua_pushnil(L);
  if (lua_getfield(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE) == LUA_TTABLE)
    for (lua_pushnil(L); lua_next(L, top + 2);) {
      if (lua_type(L, -2) != LUA_TSTRING) {
        lua_pop(L, 1);
        continue;
      }
      need_table(L, top + 1);
      prepare(L);
      lua_pushvalue(L, -2);
      lua_insert(L, -2);
      lua_rawset(L, top + 1);
    }
  lua_settop(L, top + 1);
}

/* The program's own: place -> searcher.  Those that are C functions are Lua's,
** which the new one has; nil: all are. */
static void push_searchers(lua_State *L, int package) {
  int top = lua_gettop(L);
  lua_pushnil(L);
  if (lua_getfield(L, package, "searchers") == LUA_TTABLE)
    for (int i = 1; lua_rawgeti(L, top + 2, i) == LUA_TFUNCTION; i++) {
      if (lua_iscfunction(L, -1)) {
        lua_pop(L, 1);
        continue;
      }
      need_table(L, top + 1);
      prepare(L);
      lua_rawseti(L, top + 1, i);
    }
  lua_settop(L, top + 1);
}

static void push_text(lua_State *L, int package, const char *field) {
  if (lua_getfield(L, package, field) == LUA_TSTRING) return;
  lua_pop(L, 1);
  lua_pushliteral(L, "");
}

static int read_functions(lua_State *L) {
  thr_settings *s = lua_touserdata(L, 1);
  push_package(L);
  push_preload(L);
  push_searchers(L, 2);
  if (!lua_isnil(L, 3) || !lua_isnil(L, 4))
    s->functions = thr_encode(L, 3, 2, "package.preload,package.searchers");
  return 0;
}

void thr_settings_read(lua_State *L, thr_settings *s) {
  *s = (thr_settings){NULL, NULL};
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  push_package(L);
  int package = lua_gettop(L);
  push_text(L, package, "path");
  push_text(L, package, "cpath");
  s->paths = thr_encode(L, package + 1, 2, "package.path,package.cpath");
  lua_settop(L, package - 1);
  lua_pushcfunction(L, read_functions);
  lua_pushlightuserdata(L, s);
  if (lua_pcall(L, 1, 0, 0) == LUA_OK) return;
  thr_settings_free(s);
  lua_error(L);
}

void thr_settings_free(thr_settings *s) {
  thr_message_free(s->paths);
  thr_message_free(s->functions);
}

/* --- to the new one --- */

/* A loader, or a searcher: it says why the creator's could not come. */
static int missing_loader(lua_State *L) {
  return thr_blame_error(L,
                         "module '%s' is preloaded by the creator of this "
                         "interpreter, and cannot cross: %s",
                         lua_tostring(L, 1),
                         lua_tostring(L, lua_upvalueindex(1)));
}

static int missing_searcher(lua_State *L) {
  lua_pushfstring(L, "a searcher of the creator's cannot cross: %s",
                  lua_tostring(L, lua_upvalueindex(1)));
  return 1;
}

/* Makes a function of what has come, on top of the stack. */
static void receive(lua_State *L, lua_CFunction missing) {
  address a;
  if (lua_islightuserdata(L, -1)) {
    a.pointer = lua_touserdata(L, -1);
    lua_pop(L, 1);
    lua_pushcfunction(L, a.function);
  } else if (lua_type(L, -1) == LUA_TSTRING) {
    lua_pushcclosure(L, missing, 1);
  }
}

static void give_preload(lua_State *L, int from) {
  if (!lua_istable(L, from)) return;
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  for (lua_pushnil(L); lua_next(L, from);) {
    receive(L, missing_loader);
    lua_pushvalue(L, -2);
    lua_insert(L, -2);
    lua_rawset(L, -4);
  }
  lua_pop(L, 1);
}

/* A module that it is of may have put it there when it was loaded. */
static bool has(lua_State *L, int list) {
  bool is = false;
  for (int i = 1; !is && lua_rawgeti(L, list, i) != LUA_TNIL; i++) {
    is = lua_rawequal(L, -1, -2);
    lua_pop(L, 1);
  }
  if (!is) lua_pop(L, 1); /* the nil behind the last */
  return is;
}

/* At its place, or behind the last. */
static void insert(lua_State *L, int list, lua_Integer place) {
  lua_Integer n = (lua_Integer)lua_rawlen(L, list) + 1;
  for (; n > place; n--) {
    lua_rawgeti(L, list, n - 1);
    lua_rawseti(L, list, n);
  }
  lua_rawseti(L, list, n);
}

static void give_searchers(lua_State *L, int package, int from) {
  if (!lua_istable(L, from) ||
      lua_getfield(L, package, "searchers") != LUA_TTABLE)
    return;
  int list = lua_gettop(L), most = 0;
  for (lua_pushnil(L); lua_next(L, from); lua_pop(L, 1))
    if (lua_tointeger(L, -2) > most) most = (int)lua_tointeger(L, -2);
  for (int i = 1; i <= most; i++) {
    lua_rawgeti(L, from, i);
    if (lua_isnil(L, -1)) {
      lua_pop(L, 1);
      continue;
    }
    receive(L, missing_searcher);
    if (has(L, list)) lua_pop(L, 1);
    else insert(L, list, i);
  }
}

/* First, for by them is found what is needed then. */
static void give_paths(lua_State *L, int package, const thr_message *paths) {
  thr_decode(L, paths);
  lua_setfield(L, package, "cpath");
  lua_setfield(L, package, "path");
}

static void give_functions(lua_State *L, int package, const thr_message *m) {
  thr_decode(L, m);
  give_preload(L, package + 1);
  give_searchers(L, package, package + 2);
}

void thr_settings_give(lua_State *L, thr_runtime *rt, thr_runtime *maker,
                       const thr_settings *s) {
  thr_gil_setinterval(&rt->gil, thr_gil_interval(&maker->gil));
  rt->stack = (size_t)maker->stack;
  push_package(L);
  int package = lua_gettop(L);
  give_paths(L, package, s->paths);
  if (s->functions) give_functions(L, package, s->functions);
  lua_settop(L, package - 1);
}
