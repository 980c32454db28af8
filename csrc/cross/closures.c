/* closures: see closures.h. */
#include "cross/closures.h"

#include "cross/refusal.h"

static int write_code(lua_State *L, const void *p, size_t n, void *e) {
  (void)L;
  thr_put_bytes(e, p, n);
  return 0;
}

/* The code of the Lua function on top of the stack. */
static void put_code(thr_encoder *e) {
  size_t head = e->n;
  thr_put_32(e, 0);
  lua_dump(e->L, write_code, e, 0);
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

static void put_newfunction(thr_encoder *e, const void *address, int depth) {
  bool later = depth >= THR_MAX_DEPTH;
  uint32_t number = thr_encoder_newobject(e, address);
  thr_put_byte(e, THR_TAG_FUNCTION |
                  (later ? THR_FLAG_LATER | THR_FLAG_REFERRED : 0));
  put_code(e);
  if (later) thr_encoder_defer(e, number);
  else put_upvalues(e, number, depth);
}

void thr_closures_put(thr_encoder *e, int idx, int depth) {
  lua_State *L = e->L;
  const void *address = lua_topointer(L, idx);
  if (thr_encoder_again(e, address)) return;
  if (!lua_checkstack(L, LUA_MINSTACK)) thr_encoder_nomemory(e);
  if (thr_encoder_byname(e, idx, address, THR_NAMED_FUNCTION)) return;
  thr_encoder_look(e, address);
  if (thr_encoder_byname(e, idx, address, THR_NAMED_FUNCTION)) return;
  if (lua_iscfunction(L, idx)) {
    if (!thr_encoder_reread(e, idx, address, THR_NAMED_FUNCTION))
      thr_refusal(e, idx);
    return;
  }
  lua_pushvalue(L, idx);
  put_newfunction(e, address, depth);
  lua_pop(L, 1);
}

void thr_closures_fill(thr_encoder *e, uint32_t number) {
  thr_put_byte(e, THR_TAG_FUNCTION);
  put_upvalues(e, number, 0);
}
