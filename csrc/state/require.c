/*
** require: replaces require, so that a module that several threads require is
** loaded once: the others wait.
**
** A wrapper around Lua's own require would be one level more for the loader
** and for errors; so it is done here as there: the same steps, results and
** messages, in one frame.  What a program has put in its place is called, see
** replace.h.
*/
#include "state/require.h"

#include <lauxlib.h>
#include <lualib.h>

#include "bind/replace.h"
#include "bind/self.h"
#include "state/loading.h"

/* Pushes package.loaded and its field; is that true? */
static bool push_loaded(lua_State *L, const char *name) {
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_getfield(L, -1, name);
  return lua_toboolean(L, -1);
}

/* The claim, or nil once the library is gone: nobody is left to wait. */
static void push_claim(lua_State *L) {
  thr_tstate *ts = thr_self_here(L);
  if (ts) thr_loading_claim(L, ts, 1);
  else lua_pushnil(L);
}

/* There are names that messages to other Lua states may use, see byname.h. */
static void note_names(lua_State *L) {
  thr_tstate *ts = thr_self_here(L);
  if (ts) ts->rt->names++;
}

/* --- as Lua does it --- */

/* Calls the searcher on top of the stack.  True: it has left a loader and the
** loader's data.  Else what it says is added to the message below it. */
static bool search(lua_State *L, const char *name) {
  lua_pushstring(L, name);
  lua_call(L, 1, 2);
  if (lua_isfunction(L, -2)) return true;
  bool says = lua_isstring(L, -2);
  lua_pop(L, 1);
  lua_pushliteral(L, "\n\t");
  lua_insert(L, -2);
  if (says) lua_concat(L, 3);
  else lua_pop(L, 2);
  return false;
}

/* Pushes the loader and its data, above what else it needs. */
static void push_loader(lua_State *L, const char *name) {
  if (lua_getfield(L, lua_upvalueindex(1), "searchers") != LUA_TTABLE)
    luaL_error(L, "'package.searchers' must be a table");
  int searchers = lua_gettop(L);
  lua_pushliteral(L, "");
  for (lua_Integer i = 1; lua_rawgeti(L, searchers, i) != LUA_TNIL; i++)
    if (search(L, name)) return;
  luaL_error(L, "module '%s' not found:%s", name, lua_tostring(L, -2));
}

/* The value of the module is what the loader returns; or what it has set
** itself; or true. */
static int load(lua_State *L, const char *name) {
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  int loaded = lua_gettop(L);
  push_loader(L, name);
  lua_insert(L, -2);
  lua_pushvalue(L, 1);
  lua_pushvalue(L, -3);
  lua_call(L, 2, 1); /* leaves the loader's data, the result */
  if (lua_isnil(L, -1)) lua_pop(L, 1);
  else lua_setfield(L, loaded, name);
  if (lua_getfield(L, loaded, name) == LUA_TNIL) {
    lua_pushboolean(L, 1);
    lua_copy(L, -1, -2);
    lua_setfield(L, loaded, name);
  }
  lua_insert(L, -2);
  note_names(L);
  return 2;
}

/* Upvalue: the table `package`, as of Lua's own. */
static int require_own(lua_State *L) {
  const char *name = luaL_checkstring(L, 1);
  lua_settop(L, 1);
  if (push_loaded(L, name)) return 1;
  lua_settop(L, 1);
  push_claim(L);
  if (push_loaded(L, name)) return 1; /* by a thread that was waited for */
  lua_settop(L, 2);
  return load(L, name);
}

/* --- a program's own require --- */

/* Around it.  Upvalue: what was there. */
static int require_around(lua_State *L) {
  int nargs = lua_gettop(L);
  luaL_checkstack(L, nargs + LUA_MINSTACK, "too many arguments");
  bool loads =
      lua_type(L, 1) == LUA_TSTRING && !push_loaded(L, lua_tostring(L, 1));
  if (loads) push_claim(L);
  int top = lua_gettop(L);
  lua_pushvalue(L, lua_upvalueindex(1));
  for (int i = 1; i <= nargs; i++) lua_pushvalue(L, i);
  lua_call(L, nargs, LUA_MULTRET);
  if (loads) note_names(L);
  return lua_gettop(L) - top;
}

static void push_package(lua_State *L) {
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_getfield(L, -1, LUA_LOADLIBNAME);
  lua_remove(L, -2);
}

/* Is the value on top of the stack Lua's own require, or ours in its place?
** Both have one upvalue, the table `package`. */
static bool is_original(lua_State *L, const void *arg) {
  (void)arg;
  if (!lua_iscfunction(L, -1) || !lua_getupvalue(L, -1, 1)) return false;
  push_package(L);
  bool is = lua_istable(L, -1) && lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return is && lua_tocfunction(L, -1) != require_around;
}

static bool is_ours(lua_State *L, int idx) {
  lua_CFunction f = lua_tocfunction(L, idx);
  return f == require_own || f == require_around;
}

/* Leaves what is to be the global on top of the stack, above what is. */
static void push_replacement(lua_State *L) {
  int was = lua_gettop(L);
  bool original = is_original(L, NULL);
  if (is_ours(L, was)) return;
  push_package(L);
  lua_pushcclosure(L, require_own, 1);
  if (original) return;
  bool planted = thr_replace_plant(L, was, is_original, NULL);
  lua_pushvalue(L, was);
  if (!planted) lua_pushcclosure(L, require_around, 1);
}

void thr_require_open(lua_State *L) {
  thr_loading_open(L);
  int top = lua_gettop(L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  lua_pushliteral(L, "require");
  lua_pushvalue(L, -1);
  lua_rawget(L, -3);
  if (lua_isfunction(L, -1)) {
    push_replacement(L);
    lua_copy(L, -1, top + 3);
    lua_settop(L, top + 3);
    lua_rawset(L, -3);
  }
  lua_settop(L, top);
}
