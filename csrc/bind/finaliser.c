/* finaliser: see finaliser.h. */
#include "bind/finaliser.h"

#include <lauxlib.h>
#include <string.h>

/* Is the function at this level known as one that the collector has called?
** From Lua 5.4.4 on that is the finaliser; before, the function in which the
** collector runs.  No call in Lua code bears this name of this kind. */
static bool is_named(lua_State *L, int level) {
  lua_Debug ar;
  if (!lua_getstack(L, level, &ar)) return false;
  lua_getinfo(L, "n", &ar);
  return ar.name && strcmp(ar.namewhat, "metamethod") == 0 &&
         strcmp(ar.name, "__gc") == 0;
}

/* To find a level costs as many steps as it is deep: a finaliser that is deeper
** in calls than this is not seen. */
#define LEVELS_MOST 200

bool thr_finaliser_isaround(lua_State *L) {
  lua_Debug ar;
  if (lua_gc(L, LUA_GCISRUNNING) == 1) return false;
  for (int i = 0; i < LEVELS_MOST && lua_getstack(L, i, &ar); i++)
    if (is_named(L, i)) return true;
  return false;
}

/* The collector runs in a C hook: that hides the finaliser's name.  Hooks call
** no function with one of our objects. */
static bool is_in_hook(lua_State *L) {
  lua_Debug ar;
  lua_getstack(L, 0, &ar);
  lua_getinfo(L, "n", &ar);
  return strcmp(ar.namewhat, "hook") == 0;
}

/* Before Lua 5.4.4: there is no function in which the collector could run,
** where it does so in the host's own calls, or where this is the function of
** a coroutine, which may yield. */
static bool is_at_base(lua_State *L) {
  lua_Debug ar;
  return !lua_getstack(L, 1, &ar) && !lua_isyieldable(L);
}

/* While a finaliser runs the collector does not; from Lua 5.4.4 on it says by
** -1 that this is not the program's wish. */
static bool is_collector(lua_State *L) {
  switch (lua_gc(L, LUA_GCISRUNNING)) {
    case -1: return is_named(L, 0) || is_in_hook(L);
    case 0: return is_named(L, 1) || is_at_base(L);
    default: return false;
  }
}

void thr_finaliser_enter(lua_State *L) {
  if (!is_collector(L))
    luaL_error(L, "__gc: only the garbage collector may call it");
}
