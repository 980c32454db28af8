/* tables: see tables.h. */
#include "cross/tables.h"

#include <string.h>

#include "cross/classes.h"
#include "cross/refusal.h"

/* The way of plain values. */
THR_DIRECT(lua_isinteger)
THR_DIRECT(lua_next)
THR_DIRECT(lua_tointegerx)
THR_DIRECT(lua_tonumberx)
THR_DIRECT(lua_type)

/* --- fields --- */

/* [key, value]: is it element n? */
static bool is_element(lua_State *L, uint32_t n) {
  return lua_isinteger(L, -2) && (lua_Unsigned)lua_tointeger(L, -2) == n;
}

static bool is_number(lua_State *L, bool integer) {
  if (integer) return lua_isinteger(L, -1);
  return lua_type(L, -1) == LUA_TNUMBER && !lua_isinteger(L, -1);
}

/* A run of numbers that are all integers, or all floats: the first is on top of
** the stack, with its key below.  Returns whether there is another field, which
** is then on the stack. */
static bool put_run(thr_encoder *e, int t, uint32_t *n) {
  lua_State *L = e->L;
  bool integers = lua_isinteger(L, -1), more;
  size_t head = e->n;
  uint32_t length = 0;
  thr_put_byte(e, integers ? THR_TAG_INTEGERS : THR_TAG_FLOATS);
  thr_put_32(e, 0);
  do {
    unsigned char *to = thr_encoder_room(e, sizeof(lua_Integer));
    if (integers) {
      lua_Integer i = lua_tointeger(L, -1);
      memcpy(to, &i, sizeof(i));
      e->n += sizeof(i);
    } else {
      lua_Number x = lua_tonumber(L, -1);
      memcpy(to, &x, sizeof(x));
      e->n += sizeof(x);
    }
    length++;
    lua_pop(L, 1);
    more = lua_next(L, t);
  } while (more && is_number(L, integers) && is_element(L, *n + length));
  thr_put_32at(e, head + 1, length);
  *n += length - 1;
  return more;
}

/* The elements from 1 on.  Returns whether there is another field, which is
** then on the stack. */
static bool put_elements(thr_encoder *e, int t, int depth, uint32_t *count) {
  lua_State *L = e->L;
  uint32_t n = 0;
  lua_pushnil(L);
  bool more = lua_next(L, t);
  while (more && is_element(L, n + 1)) {
    n++;
    if (lua_type(L, -1) == LUA_TNUMBER) {
      more = put_run(e, t, &n);
    } else {
      e->put(e, t + 2, depth + 1);
      lua_pop(L, 1);
      more = lua_next(L, t);
    }
  }
  *count = n;
  return more;
}

static void put_key(thr_encoder *e, int idx, thr_way *step, int depth) {
  step->kind = THR_STEP_KEY;
  e->put(e, idx, depth + 1);
  step->kind = THR_STEP_FIELD;
}

/* Of the table on top of the stack. */
static void put_fields(thr_encoder *e, int depth) {
  lua_State *L = e->L;
  int t = lua_gettop(L);
  size_t head = e->n;
  uint32_t elements, pairs = 0;
  if (!lua_checkstack(L, LUA_MINSTACK)) thr_encoder_nomemory(e);
  thr_way step = {e->step, THR_STEP_FIELD, t + 1, 0};
  e->step = &step;
  thr_put_32(e, 0);
  thr_put_32(e, 0);
  bool more = put_elements(e, t, depth, &elements);
  while (more) {
    pairs++;
    put_key(e, t + 1, &step, depth);
    e->put(e, t + 2, depth + 1);
    lua_pop(L, 1);
    more = lua_next(L, t);
  }
  thr_put_32at(e, head, elements);
  thr_put_32at(e, head + sizeof(elements), pairs);
  e->step = step.before;
}

/* --- metatables --- */

static void put_metatable(thr_encoder *e, int depth);

/* The table on top of the stack is a class from now on. */
static uint64_t make_class(thr_encoder *e) {
  uint64_t id = thr_classes_add(e->L, -1, 0);
  thr_encoder_newclass(e, lua_topointer(e->L, -1));
  return id;
}

static void add_part(thr_encoder *e, thr_classpart part) {
  e->parts = thr_encoder_more(e, e->parts, e->nparts, &e->parts_room,
                              sizeof(*e->parts));
  e->parts[e->nparts++] = part;
}

static bool has_finaliser(lua_State *L) {
  lua_pushliteral(L, "__gc");
  bool has = lua_rawget(L, -2) != LUA_TNIL;
  lua_pop(L, 1);
  return has;
}

static void refuse_finaliser(thr_encoder *e) {
  thr_refusal_because(e, "an object with a finaliser (__gc)",
                      "both copies would be finalised; make it there");
}

/* The class on top of the stack. */
static void put_class(thr_encoder *e, uint64_t id, int depth) {
  uint32_t later = e->nlater;
  if (depth > THR_MAX_CLASS_DEPTH)
    thr_refusal_because(e, "a metatable", "metatables are nested too deeply");
  if (has_finaliser(e->L)) refuse_finaliser(e);
  uint32_t number = thr_encoder_newobject(e, lua_topointer(e->L, -1));
  thr_classpart part = {number, 0, 0};
  bool meta = lua_getmetatable(e->L, -1);
  thr_put_byte(e, THR_TAG_CLASS | (meta ? THR_FLAG_META : 0));
  thr_put_bytes(e, &id, sizeof(id));
  size_t head = part.at = e->n;
  thr_put_byte(e, 0);
  thr_put_32(e, 0);
  uint64_t length = 0;
  thr_put_bytes(e, &length, sizeof(length));
  size_t body = e->n;
  if (meta) put_metatable(e, depth + 1);
  put_fields(e, depth);
  part.end = e->objects;
  length = e->n - body;
  thr_put_32at(e, head + 1, part.end - part.first - 1);
  memcpy(e->bytes + head + 5, &length, sizeof(length));
  if (e->nlater > later) e->bytes[head] = 1;
  add_part(e, part);
}

/* What the metatable on top of the stack says of itself; or NULL. */
static const char *name_of(lua_State *L) {
  lua_pushliteral(L, "__name");
  lua_rawget(L, -2);
  bool is = lua_type(L, -1) == LUA_TSTRING;
  const char *name = is ? lua_tostring(L, -1) : NULL;
  lua_pop(L, 1); /* it stays in the metatable */
  return name;
}

/* The metatable on top of the stack, which is met first. */
static void put_newmetatable(thr_encoder *e, const void *address, int depth) {
  if (thr_encoder_byname(e, -1, address, THR_NAMED_TABLE)) return;
  uint64_t id = thr_classes_id(e->L, -1);
  if (id == 0) {
    thr_encoder_look(e, address);
    if (thr_encoder_byname(e, -1, address, THR_NAMED_TABLE)) return;
    id = make_class(e);
  }
  put_class(e, id, depth);
}

/* What the metatable on top of the stack forbids. */
static void check_metatable(thr_encoder *e) {
  const char *name = name_of(e->L);
  if (has_finaliser(e->L)) refuse_finaliser(e);
  if (name && strncmp(name, "threading.", 10) == 0)
    thr_refusal(e, lua_gettop(e->L) - 1);
}

/* [metatable] -> [] */
static void put_metatable(thr_encoder *e, int depth) {
  lua_State *L = e->L;
  if (!lua_checkstack(L, LUA_MINSTACK)) thr_encoder_nomemory(e);
  const void *address = lua_topointer(L, -1);
  const thr_sighting *seen = thr_seen_find(&e->seen, address);
  unsigned tag = seen ? e->bytes[seen->at] & THR_TAG_MASK : THR_TAG_NIL;
  if (tag != THR_TAG_CLASS) check_metatable(e);
  if (tag == THR_TAG_TABLE) { /* what was put of it is wrong */
    make_class(e);
    thr_os_jump(e->again, 1);
  }
  thr_way step = {e->step, THR_STEP_METATABLE, 0, 0};
  e->step = &step;
  if (!thr_encoder_again(e, address)) put_newmetatable(e, address, depth);
  e->step = step.before;
  lua_pop(L, 1);
}

/* --- tables --- */

/* Of the table on top of the stack: tag, [metatable,] fields. */
static void put_contents(thr_encoder *e, int depth) {
  bool meta = lua_getmetatable(e->L, -1);
  thr_put_byte(e, THR_TAG_TABLE | (meta ? THR_FLAG_META : 0));
  if (meta) put_metatable(e, depth + 1);
  put_fields(e, depth);
}

/* The table on top of the stack, which has no name. */
static void put_newtable(thr_encoder *e, const void *address, int depth) {
  uint32_t number = thr_encoder_newobject(e, address);
  if (depth >= THR_MAX_DEPTH) {
    thr_put_byte(e, THR_TAG_TABLE | THR_FLAG_LATER | THR_FLAG_REFERRED);
    thr_encoder_defer(e, number);
  } else {
    put_contents(e, depth);
  }
}

/* Is it known by a name, or as a class? */
static bool put_known(thr_encoder *e, const void *address, int depth) {
  if (!thr_byname_find(&e->names, address)) return false;
  if (thr_encoder_byname(e, -1, address, THR_NAMED_CLASS)) return true;
  uint64_t id = thr_classes_id(e->L, -1);
  if (id != 0) put_class(e, id, depth);
  return id != 0;
}

void thr_tables_put(thr_encoder *e, int idx, int depth) {
  lua_State *L = e->L;
  const void *address = lua_topointer(L, idx);
  if (thr_encoder_again(e, address)) return;
  thr_encoder_names(e);
  if (!lua_checkstack(L, LUA_MINSTACK)) thr_encoder_nomemory(e);
  lua_pushvalue(L, idx);
  if (!put_known(e, address, depth)) put_newtable(e, address, depth);
  lua_pop(L, 1);
}

void thr_tables_fill(thr_encoder *e) { put_contents(e, 0); }
