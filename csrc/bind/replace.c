/* replace: see replace.h. */
#include "bind/replace.h"

#include "os/dl.h"

/* --- in a table --- */

/* A C function without upvalues can be called as if it were the caller, so
** that its error messages bear the right name. */
static bool is_plain(lua_State *L, int idx) {
  if (!lua_iscfunction(L, idx)) return false;
  if (!lua_getupvalue(L, idx, 1)) return true;
  lua_pop(L, 1);
  return false;
}

static bool is_wanted(lua_State *L, lua_CFunction ours, bool plain) {
  if (lua_tocfunction(L, -1) == ours) return false; /* done, before an error */
  return !plain || is_plain(L, -1);
}

void thr_replace_sharing(lua_State *L, const luaL_Reg *list, bool plain) {
  for (; list->name; list++) {
    lua_getfield(L, -2, list->name);
    if (!is_wanted(L, list->func, plain)) {
      lua_pop(L, 1);
      continue;
    }
    lua_pushboolean(L, is_plain(L, -1));
    lua_pushvalue(L, -3);
    lua_pushcclosure(L, list->func, 3);
    lua_setfield(L, -3, list->name);
  }
}

void thr_replace_in(lua_State *L, const luaL_Reg *list) {
  lua_pushnil(L);
  thr_replace_sharing(L, list, false);
  lua_pop(L, 1);
}

void thr_replace(lua_State *L, const char *lib, const luaL_Reg *list) {
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  if (lua_getfield(L, -1, lib) == LUA_TTABLE) thr_replace_in(L, list);
  lua_pop(L, 2);
}

bool thr_replace_isplain(lua_State *L) {
  return lua_toboolean(L, lua_upvalueindex(2)) != 0;
}

int thr_replace_original(lua_State *L) {
  if (thr_replace_isplain(L))
    return lua_tocfunction(L, lua_upvalueindex(1))(L);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  return lua_gettop(L);
}

/* --- in wrappers --- */

#define DEPTH 4 /* wrappers of wrappers */

/* Looks at the upvalues of the Lua function at f. */
static bool plant(lua_State *L, int f, int ours, thr_isoriginal is,
                  const void *arg, int depth) {
  bool found = false;
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  for (int n = 1; lua_getupvalue(L, f, n); n++) {
    if (is(L, arg)) {
      lua_pushvalue(L, ours);
      lua_setupvalue(L, f, n);
      found = true;
    } else if (depth > 1 && lua_isfunction(L, -1) && !lua_iscfunction(L, -1)) {
      found |= plant(L, lua_gettop(L), ours, is, arg, depth - 1);
    }
    lua_pop(L, 1);
  }
  return found;
}

bool thr_replace_plant(lua_State *L, int idx, thr_isoriginal is,
                       const void *arg) {
  if (!lua_isfunction(L, idx) || lua_iscfunction(L, idx)) return false;
  return plant(L, lua_absindex(L, idx), lua_gettop(L), is, arg, DEPTH);
}

/* --- in a library that a program may have wrapped --- */

typedef struct {
  lua_CFunction standard, ours;
} original;

/* Ours is there already where a call of this has failed before. */
static bool is_original(lua_State *L, const void *arg) {
  const original *o = arg;
  lua_CFunction f = lua_tocfunction(L, -1);
  return f && (f == o->standard || f == o->ours);
}

/* Pushes the library as it comes from its maker, which `open` names; without
** that, an empty table.  The loaded one is on top of the stack. */
static void push_pristine(lua_State *L, const char *open) {
  static const char *const nowhere[] = {NULL};
  void *program;
  if (!open) {
    lua_pushvalue(L, -1);
  } else if (thr_os_holder(open, nowhere, &program)) {
    lua_pushcfunction(L, (lua_CFunction)thr_os_symbol(program, open));
    lua_call(L, 0, 1);
  } else {
    lua_newtable(L);
  }
}

/* Pushes fn with what thr_replace_original looks for: the function at idx, and
** whether it is one of C's without upvalues. */
static void push_replacement(lua_State *L, lua_CFunction fn, int idx,
                             bool plain) {
  lua_pushvalue(L, idx);
  lua_pushboolean(L, plain);
  lua_pushcclosure(L, fn, 2);
}

/* The loaded library is at `loaded`, the pristine one above it. */
static void replace(lua_State *L, int loaded, const thr_replacement *r) {
  int was = loaded + 2, standard = loaded + 3;
  lua_getfield(L, loaded, r->name);
  lua_getfield(L, loaded + 1, r->name);
  lua_CFunction there = lua_tocfunction(L, was);
  if (lua_isnil(L, was) || there == r->ours || there == r->around) return;
  if (lua_isnil(L, standard) && is_plain(L, was)) lua_copy(L, was, standard);
  original o = {lua_tocfunction(L, standard), r->ours};
  push_replacement(L, r->ours, standard, true);
  if (!o.standard || there != o.standard) {
    if (o.standard && thr_replace_plant(L, was, is_original, &o)) return;
    push_replacement(L, r->around, was, false);
  }
  lua_setfield(L, loaded, r->name);
}

void thr_replace_wrapped(lua_State *L, const char *lib, const char *open,
                         const thr_replacement *list) {
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  int loaded = lua_gettop(L) + 1;
  if (lua_getfield(L, -1, lib) == LUA_TTABLE) {
    push_pristine(L, open);
    for (; list->name; list++) {
      replace(L, loaded, list);
      lua_settop(L, loaded + 1);
    }
  }
  lua_settop(L, loaded - 2);
}
