/* guards: see guards.h. */
#include "kernel/guards.h"

#include <lauxlib.h>

static int field(lua_State *L, const char *name) {
  lua_getfield(L, -1, name);
  int i = (int)luaL_optinteger(L, -1, 0);
  lua_pop(L, 1);
  return i;
}

void thr_guards_read(lua_State *L, int list, int anchors, int at,
                     thr_guard *to) {
  lua_rawgeti(L, list, at);
  luaL_checktype(L, -1, LUA_TTABLE);
  to->from = field(L, "from");
  to->upvalue = field(L, "upvalue");
  to->name = field(L, "name");
  int identity = field(L, "identity");
  lua_getfield(L, -1, "kind");
  to->kind = luaL_optstring(L, -1, "")[0];
  lua_rawgeti(L, anchors, identity);
  to->identity = identity ? lua_topointer(L, -1) : NULL;
  lua_pop(L, 3);
}

int thr_guards_values(const thr_guard *guards, int n) {
  int values = 0;
  for (int i = 0; i < n; i++) values += guards[i].identity == NULL;
  return values;
}

/* Pushes what it is about; as Lua code would read it. */
static void push_value(lua_State *L, int anchors, const thr_guard *g) {
  lua_rawgeti(L, anchors, g->from);
  if (g->upvalue > 0) {
    if (!lua_getupvalue(L, -1, g->upvalue)) lua_pushnil(L);
  } else {
    lua_rawgeti(L, anchors, g->name);
    lua_gettable(L, -2);
  }
  lua_remove(L, -2);
}

static bool holds(lua_State *L, const thr_guard *g, thr_operands *to) {
  if (g->identity) {
    bool is = lua_topointer(L, -1) == g->identity;
    lua_pop(L, 1);
    return is;
  }
  int objects = to->objects;
  if (thr_operands_add(L, lua_gettop(L), to) != g->kind) return false;
  if (to->objects == objects) lua_pop(L, 1);
  return true;
}

bool thr_guards_hold(lua_State *L, int anchors, const thr_guard *guards, int n,
                     thr_operands *to) {
  luaL_checkstack(L, n + 5, "too many upvalues and globals");
  for (int i = 0; i < n; i++) {
    push_value(L, anchors, &guards[i]);
    if (!holds(L, &guards[i], to)) return false;
  }
  return true;
}
