/* classes: see classes.h. */
#include "cross/classes.h"

#include <lauxlib.h>

#include "bind/box.h"
#include "bind/self.h"

/* In the registry: class -> identity, with weak keys; identity -> class, with
** weak values. */
static const char key_ids = 0, key_classes = 0;

static _Atomic(uint64_t) last; /* identity that was given away; atomic, for
                                  threads of several Lua states give them */
static thr_once seeded = THR_ONCE_INIT;

/* Classes of several processes may come to one: each process begins somewhere
** else, so that no two of them give one number away. */
static void seed(void) {
  uint64_t h = (uint64_t)thr_os_realtime() ^ (uint64_t)thr_os_nativeid() << 40;
  h = (h ^ h >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  h = (h ^ h >> 27) * UINT64_C(0x94d049bb133111eb);
  atomic_store(&last, (h ^ h >> 31) >> 1);
}

static bool push(lua_State *L, const void *key) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, key) == LUA_TTABLE) return true;
  lua_pop(L, 1);
  return false;
}

bool thr_classes_pushids(lua_State *L) { return push(L, &key_ids); }

uint64_t thr_classes_id(lua_State *L, int idx) {
  idx = lua_absindex(L, idx);
  if (!thr_classes_pushids(L)) return 0;
  lua_pushvalue(L, idx);
  lua_rawget(L, -2);
  uint64_t id = (uint64_t)lua_tointeger(L, -1);
  lua_pop(L, 2);
  return id;
}

bool thr_classes_push(lua_State *L, uint64_t id) {
  if (!push(L, &key_classes)) return false;
  bool found = lua_rawgeti(L, -1, (lua_Integer)id) == LUA_TTABLE;
  lua_remove(L, -2);
  if (!found) lua_pop(L, 1);
  return found;
}

uint64_t thr_classes_add(lua_State *L, int idx, uint64_t id) {
  idx = lua_absindex(L, idx);
  thr_os_once(&seeded, seed);
  if (id == 0) id = atomic_fetch_add(&last, 1) + 1;
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  thr_box_pushweak(L, &key_classes, "v");
  lua_pushvalue(L, idx);
  lua_rawseti(L, -2, (lua_Integer)id);
  thr_box_pushweak(L, &key_ids, "k");
  lua_pushvalue(L, idx);
  lua_pushinteger(L, (lua_Integer)id);
  lua_rawset(L, -3);
  lua_pop(L, 2);
  thr_self(L)->rt->names++;
  return id;
}
