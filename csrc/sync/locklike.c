/* locklike: see locklike.h. */
#include "sync/locklike.h"

#include "bind/args.h"
#include "bind/unwind.h"

/* Protected: an object may raise where it has no such field. */
static int get_field(lua_State *L) {
  lua_getfield(L, 1, lua_touserdata(L, 2));
  return 1;
}

/* Pushes the field, or nil. */
static void push_field(lua_State *L, int idx, const char *name) {
  idx = lua_absindex(L, idx);
  lua_pushcfunction(L, get_field);
  lua_pushvalue(L, idx);
  lua_pushlightuserdata(L, (void *)name);
  if (lua_pcall(L, 2, 1, 0) == LUA_OK) return;
  if (thr_unwind_isasked(L, -1)) lua_error(L);
  lua_pop(L, 1);
  lua_pushnil(L);
}

static bool has_field(lua_State *L, int idx, const char *name) {
  push_field(L, idx, name);
  bool has = !lua_isnil(L, -1);
  lua_pop(L, 1);
  return has;
}

bool thr_locklike_ismeant(lua_State *L, int arg) {
  return has_field(L, arg, "acquire") || has_field(L, arg, "release");
}

void thr_locklike_check(lua_State *L, int arg) {
  if ((!lua_istable(L, arg) && !lua_isuserdata(L, arg)) ||
      !has_field(L, arg, "acquire") || !has_field(L, arg, "release"))
    thr_args_typeerror(L, arg, "lock", "object with acquire and release");
}

void thr_locklike_pushisowned(lua_State *L, int lock) {
  push_field(L, lock, "_is_owned");
}

/* lock:acquire(false), for the lock on top of the stack. */
static bool can_be_taken(lua_State *L) {
  lua_getfield(L, -1, "acquire");
  lua_pushvalue(L, -2);
  lua_pushboolean(L, 0);
  lua_call(L, 2, 1);
  bool taken = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return taken;
}

bool thr_locklike_isowned(lua_State *L) {
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    bool taken = can_be_taken(L);
    lua_getfield(L, -1, "release");
    lua_insert(L, -2);
    if (taken) lua_call(L, 1, 0);
    else lua_pop(L, 2);
    return !taken;
  }
  lua_insert(L, -2);
  lua_call(L, 1, 1);
  bool owned = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return owned;
}
