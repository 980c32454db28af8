/* closures: see closures.h. */
#include "cross/closures.h"

#include <string.h>

#include "bind/box.h"
#include "cross/refusal.h"

/* --- code that crosses again and again --- */

static const char key_code = 0; /* registry: function -> its code, weak keys */
static const char key_loaded = 0; /* registry: hash of code -> what was loaded
                                     from it last, weak values */

/* Pushes the code that is kept of the function on top of the stack, or nil. */
static void push_kept(lua_State *L) {
  thr_box_pushweak(L, &key_code, "k");
  lua_pushvalue(L, -2);
  lua_rawget(L, -2);
  lua_remove(L, -2);
}

/* Keeps the code of the function on top of the stack. */
static void keep(lua_State *L, const void *code, size_t n) {
  thr_box_pushweak(L, &key_code, "k");
  lua_pushvalue(L, -2);
  lua_pushlstring(L, code, n);
  lua_rawset(L, -3);
  lua_pop(L, 1);
}

static lua_Integer hash(const char *code, size_t n) {
  const uint64_t factor = UINT64_C(0x9e3779b97f4a7c15);
  uint64_t h = n, word;
  for (; n >= sizeof(word); n -= sizeof(word), code += sizeof(word)) {
    memcpy(&word, code, sizeof(word));
    h = (h ^ word) * factor;
    h ^= h >> 32;
  }
  for (; n > 0; n--) h = (h ^ (unsigned char)*code++) * factor;
  return (lua_Integer)(h >> 1);
}

/* Is the value on top of the stack a function with this code? */
static bool has_code(lua_State *L, const char *code, size_t n) {
  size_t kept;
  if (!lua_isfunction(L, -1)) return false;
  push_kept(L);
  const char *its = lua_tolstring(L, -1, &kept);
  bool same = its && kept == n && memcmp(its, code, n) == 0;
  lua_pop(L, 1);
  return same;
}

static void load_code(lua_State *L, const char *code, size_t n) {
  if (luaL_loadbufferx(L, code, n, "=message", "b") != LUA_OK) lua_error(L);
}

static void load_and_keep(lua_State *L, const char *code, size_t n) {
  lua_Integer key = hash(code, n);
  thr_box_pushweak(L, &key_loaded, "v");
  lua_rawgeti(L, -1, key);
  if (!has_code(L, code, n)) {
    lua_pop(L, 1);
    load_code(L, code, n);
    keep(L, code, n);
    lua_pushvalue(L, -1);
    lua_rawseti(L, -3, key);
  }
  lua_remove(L, -2);
}

void thr_closures_load(lua_State *L, const char *code, size_t n, bool shared) {
  if (shared) load_and_keep(L, code, n);
  else load_code(L, code, n);
}

/* --- code --- */

static int write_code(lua_State *L, const void *p, size_t n, void *e) {
  (void)L;
  thr_put_bytes(e, p, n);
  return 0;
}

/* The same, which is kept for the next time. */
static void put_kept(thr_encoder *e) {
  size_t n, at = e->n;
  push_kept(e->L);
  const char *code = lua_tolstring(e->L, -1, &n);
  if (code) thr_put_bytes(e, code, n);
  lua_pop(e->L, 1);
  if (code) return;
  lua_dump(e->L, write_code, e, 0);
  keep(e->L, e->bytes + at, e->n - at);
}

/* The code of the Lua function on top of the stack, which has crossed before,
** or has not. */
static void put_code(thr_encoder *e, bool again) {
  size_t head = e->n;
  thr_put_32(e, 0);
  if (again) put_kept(e);
  else lua_dump(e->L, write_code, e, 0);
  size_t length = e->n - head - sizeof(uint32_t);
  if (length > UINT32_MAX)
    thr_refusal_because(e, "a function", "its code is too long");
  thr_put_32at(e, head, (uint32_t)length);
}

/* The upvalue on top of the stack, `which` of the function below it. */
static void put_upvalue(thr_encoder *e, uint32_t number, int which, int depth) {
  lua_State *L = e->L;
  int f = lua_gettop(L) - 1;
  const void *id = lua_upvalueid(L, f, which);
  const thr_sighting *seen = thr_seen_find(&e->seen, id);
  if (seen) {
    thr_encoder_refer(e, seen);
    thr_put_byte(e, THR_TAG_JOIN);
    thr_put_32(e, seen->number);
    thr_put_byte(e, seen->upvalue);
    return;
  }
  size_t at = thr_seen_find(&e->seen, lua_topointer(L, f))->at;
  if (!thr_seen_add(&e->seen,
                    (thr_sighting){id, at, number, (uint32_t)which}))
    thr_encoder_nomemory(e);
  thr_way step = {e->step, THR_STEP_UPVALUE, f, which};
  e->step = &step;
  e->put(e, f + 1, depth + 1);
  e->step = step.before;
}

/* Of the function on top of the stack. */
static void put_upvalues(thr_encoder *e, uint32_t number, int depth) {
  lua_State *L = e->L;
  int f = lua_gettop(L), count = 0;
  if (!lua_checkstack(L, LUA_MINSTACK)) thr_encoder_nomemory(e);
  size_t head = e->n;
  thr_put_byte(e, 0);
  while (lua_getupvalue(L, f, count + 1)) {
    put_upvalue(e, number, ++count, depth);
    lua_pop(L, 1);
  }
  e->bytes[head] = (unsigned char)count;
}

static void put_newfunction(thr_encoder *e, const void *address, int depth,
                            bool again) {
  bool later = depth >= THR_MAX_DEPTH;
  uint32_t number = thr_encoder_newobject(e, address);
  thr_put_byte(e, THR_TAG_FUNCTION |
                  (later ? THR_FLAG_LATER | THR_FLAG_REFERRED : 0));
  put_code(e, again);
  if (later) thr_encoder_defer(e, number);
  else put_upvalues(e, number, depth);
}

void thr_closures_put(thr_encoder *e, int idx, int depth) {
  lua_State *L = e->L;
  const void *address = lua_topointer(L, idx);
  if (thr_encoder_again(e, address)) return;
  if (!lua_checkstack(L, LUA_MINSTACK)) thr_encoder_nomemory(e);
  if (thr_encoder_byname(e, idx, address, THR_NAMED_FUNCTION)) return;
  bool again = thr_encoder_look(e, address);
  if (thr_encoder_byname(e, idx, address, THR_NAMED_FUNCTION)) return;
  if (lua_iscfunction(L, idx)) {
    if (!thr_encoder_reread(e, idx, address, THR_NAMED_FUNCTION))
      thr_refusal(e, idx);
    return;
  }
  lua_pushvalue(L, idx);
  put_newfunction(e, address, depth, again);
  lua_pop(L, 1);
}

void thr_closures_fill(thr_encoder *e, uint32_t number) {
  thr_put_byte(e, THR_TAG_FUNCTION);
  put_upvalues(e, number, 0);
}
