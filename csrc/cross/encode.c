/* encode: see encode.h. */
#include "cross/encode.h"

#include <lauxlib.h>
#include <string.h>

#include "bind/blame.h"
#include "bind/box.h"
#include "bind/self.h"
#include "cross/classes.h"
#include "cross/encoder.h"
#include "cross/refusal.h"
#include "os/tuning.h"

/* The way of plain values. */
THR_DIRECT(lua_isinteger)
THR_DIRECT(lua_next)
THR_DIRECT(lua_toboolean)
THR_DIRECT(lua_tointegerx)
THR_DIRECT(lua_tolstring)
THR_DIRECT(lua_tonumberx)
THR_DIRECT(lua_type)

static void put_value(thr_encoder *e, int idx, int depth);

/* --- bytes --- */

static void put_byte(thr_encoder *e, unsigned byte) {
  *thr_encoder_room(e, 1) = (unsigned char)byte;
  e->n++;
}

static void put_32(thr_encoder *e, uint32_t x) {
  memcpy(thr_encoder_room(e, sizeof(x)), &x, sizeof(x));
  e->n += sizeof(x);
}

static void put_bytes(thr_encoder *e, const void *p, size_t n) {
  if (n > 0) memcpy(thr_encoder_room(e, n), p, n);
  e->n += n;
}

/* A tag and n bytes. */
static void put_tagged(thr_encoder *e, thr_tag tag, const void *p, size_t n) {
  unsigned char *to = thr_encoder_room(e, n + 1);
  *to = (unsigned char)tag;
  memcpy(to + 1, p, n);
  e->n += n + 1;
}

static void set_32(thr_encoder *e, size_t at, uint32_t x) {
  memcpy(e->bytes + at, &x, sizeof(x));
}

/* --- plain values --- */

static void put_integer(thr_encoder *e, lua_Integer i) {
  if (i >= 0 && i <= 255)
    put_tagged(e, THR_TAG_BYTE, &(unsigned char){(unsigned char)i}, 1);
  else put_tagged(e, THR_TAG_INTEGER, &i, sizeof(i));
}

static void put_number(thr_encoder *e, int idx) {
  if (lua_isinteger(e->L, idx)) {
    put_integer(e, lua_tointeger(e->L, idx));
  } else {
    lua_Number x = lua_tonumber(e->L, idx);
    put_tagged(e, THR_TAG_FLOAT, &x, sizeof(x));
  }
}

static void put_string(thr_encoder *e, int idx) {
  size_t n;
  const char *s = lua_tolstring(e->L, idx, &n);
  unsigned char *to = thr_encoder_room(e, n + 1 + sizeof(n));
  if (n <= 255) {
    *to++ = THR_TAG_SHORT;
    *to++ = (unsigned char)n;
    e->n += 2 + n;
  } else {
    *to++ = THR_TAG_LONG;
    memcpy(to, &n, sizeof(n));
    to += sizeof(n);
    e->n += 1 + sizeof(n) + n;
  }
  memcpy(to, s, n);
}

static void put_pointer(thr_encoder *e, int idx) {
  const void *p = lua_touserdata(e->L, idx);
  put_tagged(e, THR_TAG_POINTER, &p, sizeof(p));
}

/* --- names --- */

static void refresh(thr_encoder *e, bool look) {
  bool ok;
  thr_byname_refresh(e->L, &e->names, thr_self(e->L)->rt->names, look, &ok);
  if (!ok) thr_encoder_nomemory(e);
}

/* The names are as they are now.  Where they have changed in the middle of a
** message, that begins anew. */
static void look_again(thr_encoder *e) {
  bool ok;
  bool changed = thr_byname_refresh(e->L, &e->names, thr_self(e->L)->rt->names,
                                    true, &ok);
  if (!ok) thr_encoder_nomemory(e);
  if (changed && e->n > 0) thr_os_jump(e->again, 1);
}

static void put_text(thr_encoder *e, size_t at) {
  const unsigned char *text = e->names.text + at;
  put_bytes(e, text, (size_t)*text + 1);
}

/* The value at idx, by its name. */
static void put_named(thr_encoder *e, const thr_named *named) {
  if (named->kind == THR_NAMED_GLOBALS) {
    put_byte(e, THR_TAG_GLOBALS);
  } else if (named->kind == THR_NAMED_MODULE) {
    put_byte(e, THR_TAG_MODULE);
    put_text(e, named->module);
  } else {
    put_byte(e, THR_TAG_FIELD);
    put_text(e, named->module);
    put_text(e, named->key);
  }
}

/* Does the value at idx have a name of one of these kinds?  Then it is put. */
static bool put_byname(thr_encoder *e, int idx, const void *address,
                       thr_namedkind most) {
  const thr_named *named = thr_byname_find(&e->names, address);
  if (!named || named->kind > most) return false;
  if (!thr_byname_leads(e->L, &e->names, named, idx)) return false;
  put_named(e, thr_byname_find(&e->names, address));
  return true;
}

/* --- objects that were there before --- */

static bool put_again(thr_encoder *e, const void *address) {
  const thr_sighting *seen = thr_seen_find(&e->seen, address);
  if (!seen) return false;
  thr_encoder_refer(e, seen);
  put_byte(e, THR_TAG_REF);
  put_32(e, seen->number);
  return true;
}

/* --- tables --- */

/* A run of numbers that are all integers, or all floats: the first is on top of
** the stack, with its key below.  Returns whether there is another field, which
** is then on the stack. */
static bool put_run(thr_encoder *e, int t, uint32_t *n) {
  lua_State *L = e->L;
  bool integers = lua_isinteger(L, -1), more;
  size_t head = e->n;
  uint32_t length = 0;
  put_byte(e, integers ? THR_TAG_INTEGERS : THR_TAG_FLOATS);
  put_32(e, 0);
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
  } while (more && lua_type(L, -1) == LUA_TNUMBER &&
           lua_isinteger(L, -1) == integers && lua_isinteger(L, -2) &&
           (lua_Unsigned)lua_tointeger(L, -2) == (lua_Unsigned)*n + length);
  set_32(e, head + 1, length);
  *n += length - 1;
  return more;
}

/* [key, value] of the table at t, of which there are `n` elements so far. */
static bool is_element(lua_State *L, uint32_t n) {
  return lua_isinteger(L, -2) && (lua_Unsigned)lua_tointeger(L, -2) == n;
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
      put_value(e, t + 2, depth + 1);
      lua_pop(L, 1);
      more = lua_next(L, t);
    }
  }
  *count = n;
  return more;
}

static void put_key(thr_encoder *e, int idx, thr_way *step, int depth) {
  if (lua_type(e->L, idx) == LUA_TSTRING) {
    put_string(e, idx);
  } else {
    step->kind = THR_STEP_KEY;
    put_value(e, idx, depth + 1);
    step->kind = THR_STEP_FIELD;
  }
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
  put_32(e, 0);
  put_32(e, 0);
  bool more = put_elements(e, t, depth, &elements);
  while (more) {
    pairs++;
    put_key(e, t + 1, &step, depth);
    put_value(e, t + 2, depth + 1);
    lua_pop(L, 1);
    more = lua_next(L, t);
  }
  set_32(e, head, elements);
  set_32(e, head + sizeof(elements), pairs);
  e->step = step.before;
}

/* --- metatables --- */

/* The class on top of the stack becomes one now: what was put of it before, as
** of an ordinary table, is wrong. */
static void make_class(thr_encoder *e) {
  thr_classes_add(e->L, -1, 0);
  refresh(e, false);
  thr_os_jump(e->again, 1);
}

static void add_part(thr_encoder *e, thr_classpart part) {
  e->parts = thr_encoder_more(e, e->parts, e->nparts, &e->parts_room,
                              sizeof(*e->parts));
  e->parts[e->nparts++] = part;
}

static void put_metatable(thr_encoder *e, int depth);

/* The class on top of the stack. */
static void put_class(thr_encoder *e, uint64_t id, int depth) {
  uint32_t later = e->nlater;
  if (depth > THR_MAX_CLASS_DEPTH)
    thr_refusal_because(e, "a metatable", "metatables are nested too deeply");
  uint32_t number = thr_encoder_newobject(e, lua_topointer(e->L, -1));
  thr_classpart part = {number, 0, 0};
  bool meta = lua_getmetatable(e->L, -1);
  put_byte(e, THR_TAG_CLASS | (meta ? THR_FLAG_META : 0));
  put_bytes(e, &id, sizeof(id));
  size_t head = part.at = e->n;
  put_byte(e, 0);
  put_32(e, 0);
  uint64_t length = 0;
  put_bytes(e, &length, sizeof(length));
  size_t body = e->n;
  if (meta) put_metatable(e, depth + 1);
  put_fields(e, depth);
  part.end = e->objects;
  length = e->n - body;
  set_32(e, head + 1, part.end - part.first - 1);
  memcpy(e->bytes + head + 5, &length, sizeof(length));
  if (e->nlater > later) e->bytes[head] = 1;
  add_part(e, part);
}

static bool has_finaliser(lua_State *L) {
  lua_pushliteral(L, "__gc");
  bool has = lua_rawget(L, -2) != LUA_TNIL;
  lua_pop(L, 1);
  return has;
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

/* [metatable] -> []: where it is met first. */
static void put_newmetatable(thr_encoder *e, const void *address, int depth) {
  if (put_byname(e, -1, address, THR_NAMED_TABLE)) return;
  uint64_t id = thr_classes_id(e->L, -1);
  if (id == 0) {
    look_again(e);
    if (put_byname(e, -1, address, THR_NAMED_TABLE)) return;
    make_class(e);
  }
  put_class(e, id, depth);
}

static void put_metatable(thr_encoder *e, int depth) {
  lua_State *L = e->L;
  if (!lua_checkstack(L, LUA_MINSTACK)) thr_encoder_nomemory(e);
  const void *address = lua_topointer(L, -1);
  thr_way step = {e->step, THR_STEP_METATABLE, 0, 0};
  if (has_finaliser(L))
    thr_refusal_because(e, "an object with a finaliser (__gc)",
                        "both copies would be finalised; make it there");
  const char *name = name_of(L);
  if (name && strncmp(name, "threading.", 10) == 0) {
    int top = lua_gettop(L);
    lua_pushstring(L, name);
    thr_refusal(e, top - 1);
  }
  e->step = &step;
  const thr_sighting *seen = thr_seen_find(&e->seen, address);
  if (seen && (e->bytes[seen->at] & THR_TAG_MASK) != THR_TAG_CLASS)
    make_class(e);
  if (!put_again(e, address)) put_newmetatable(e, address, depth);
  e->step = step.before;
  lua_pop(L, 1);
}

/* The table on top of the stack, which has no name. */
static void put_newtable(thr_encoder *e, const void *address, int depth) {
  bool later = depth >= THR_MAX_DEPTH;
  uint32_t number = thr_encoder_newobject(e, address);
  if (later) {
    put_byte(e, THR_TAG_TABLE | THR_FLAG_LATER | THR_FLAG_REFERRED);
    thr_encoder_defer(e, number);
    return;
  }
  bool meta = lua_getmetatable(e->L, -1);
  put_byte(e, THR_TAG_TABLE | (meta ? THR_FLAG_META : 0));
  if (meta) put_metatable(e, depth + 1);
  put_fields(e, depth);
}

/* Is it what another table was, as whose name it is known? */
static bool put_known(thr_encoder *e, const void *address, int depth) {
  const thr_named *named = thr_byname_find(&e->names, address);
  if (!named) return false;
  if (named->kind != THR_NAMED_COPIED)
    return put_byname(e, -1, address, THR_NAMED_CLASS);
  uint64_t id = thr_classes_id(e->L, -1);
  if (id != 0) put_class(e, id, depth);
  return id != 0;
}

static void put_table(thr_encoder *e, int idx, int depth) {
  lua_State *L = e->L;
  const void *address = lua_topointer(L, idx);
  if (put_again(e, address)) return;
  if (e->names.version != thr_self(L)->rt->names || !e->names.is_read)
    refresh(e, false);
  if (!lua_checkstack(L, LUA_MINSTACK)) thr_encoder_nomemory(e);
  lua_pushvalue(L, idx);
  if (!put_known(e, address, depth)) put_newtable(e, address, depth);
  lua_pop(L, 1);
}

/* --- functions --- */

static int write_code(lua_State *L, const void *p, size_t n, void *e) {
  (void)L;
  put_bytes(e, p, n);
  return 0;
}

/* The code of the Lua function on top of the stack. */
static void put_code(thr_encoder *e) {
  size_t head = e->n;
  put_32(e, 0);
  lua_dump(e->L, write_code, e, 0);
  size_t length = e->n - head - sizeof(uint32_t);
  if (length > UINT32_MAX)
    thr_refusal_because(e, "a function", "its code is too long");
  set_32(e, head, (uint32_t)length);
}

/* The upvalue on top of the stack, `which` of the function below it. */
static void put_upvalue(thr_encoder *e, uint32_t number, int which, int depth) {
  lua_State *L = e->L;
  int f = lua_gettop(L) - 1;
  const void *id = lua_upvalueid(L, f, which);
  const thr_sighting *seen = thr_seen_find(&e->seen, id);
  if (seen) {
    thr_encoder_refer(e, seen);
    put_byte(e, THR_TAG_JOIN);
    put_32(e, seen->number);
    put_byte(e, seen->upvalue);
    return;
  }
  size_t at = thr_seen_find(&e->seen, lua_topointer(L, f))->at;
  if (!thr_seen_add(&e->seen,
                    (thr_sighting){id, at, number, (uint32_t)which}))
    thr_encoder_nomemory(e);
  thr_way step = {e->step, THR_STEP_UPVALUE, f, which};
  e->step = &step;
  put_value(e, f + 1, depth + 1);
  e->step = step.before;
}

/* Of the function on top of the stack. */
static void put_upvalues(thr_encoder *e, uint32_t number, int depth) {
  lua_State *L = e->L;
  int f = lua_gettop(L), count = 0;
  if (!lua_checkstack(L, LUA_MINSTACK)) thr_encoder_nomemory(e);
  size_t head = e->n;
  put_byte(e, 0);
  while (lua_getupvalue(L, f, count + 1)) {
    put_upvalue(e, number, ++count, depth);
    lua_pop(L, 1);
  }
  e->bytes[head] = (unsigned char)count;
}

static void put_newfunction(thr_encoder *e, const void *address, int depth) {
  bool later = depth >= THR_MAX_DEPTH;
  uint32_t number = thr_encoder_newobject(e, address);
  put_byte(e, THR_TAG_FUNCTION |
                  (later ? THR_FLAG_LATER | THR_FLAG_REFERRED : 0));
  put_code(e);
  if (later) thr_encoder_defer(e, number);
  else put_upvalues(e, number, depth);
}

static void put_function(thr_encoder *e, int idx, int depth) {
  lua_State *L = e->L;
  const void *address = lua_topointer(L, idx);
  if (put_again(e, address)) return;
  if (!lua_checkstack(L, LUA_MINSTACK)) thr_encoder_nomemory(e);
  if (put_byname(e, idx, address, THR_NAMED_FUNCTION)) return;
  look_again(e);
  if (put_byname(e, idx, address, THR_NAMED_FUNCTION)) return;
  if (lua_iscfunction(L, idx)) thr_refusal(e, idx);
  lua_pushvalue(L, idx);
  put_newfunction(e, address, depth);
  lua_pop(L, 1);
}

/* --- objects of ours --- */

static void put_object(thr_encoder *e, int idx) {
  lua_State *L = e->L;
  const thr_kind *kind = thr_box_kind(L, idx);
  const void *address = lua_topointer(L, idx);
  const thr_sighting *seen = thr_seen_find(&e->seen, address);
  uint32_t number = seen ? seen->number : e->nshares;
  if (!kind) thr_refusal(e, idx);
  if (!seen) {
    thr_encoder_reserveshare(e);
    if (!thr_seen_add(&e->seen, (thr_sighting){address, e->n, number, 0}))
      thr_encoder_nomemory(e);
    void *obj = thr_box_share(L, idx);
    if (!obj) thr_refusal(e, idx);
    e->shares[e->nshares++] = (thr_share){kind, obj};
  }
  put_byte(e, THR_TAG_OBJECT);
  put_32(e, number);
}

/* --- any --- */

/* The value at idx, which is not a negative index. */
static void put_value(thr_encoder *e, int idx, int depth) {
  switch (lua_type(e->L, idx)) {
    case LUA_TNIL: put_byte(e, THR_TAG_NIL); break;
    case LUA_TBOOLEAN:
      put_byte(e, lua_toboolean(e->L, idx) ? THR_TAG_TRUE : THR_TAG_FALSE);
      break;
    case LUA_TNUMBER: put_number(e, idx); break;
    case LUA_TSTRING: put_string(e, idx); break;
    case LUA_TTABLE: put_table(e, idx, depth); break;
    case LUA_TFUNCTION: put_function(e, idx, depth); break;
    case LUA_TLIGHTUSERDATA: put_pointer(e, idx); break;
    case LUA_TUSERDATA: put_object(e, idx); break;
    default: thr_refusal(e, idx); break;
  }
}

/* What was nested too deeply: fills object i of those. */
static void put_later(thr_encoder *e, uint32_t i) {
  lua_State *L = e->L;
  thr_way value = {NULL, THR_STEP_VALUE, 0, e->later[i].value};
  thr_way below = {&value, THR_STEP_BELOW, 0, 0};
  e->step = &below;
  lua_rawgeti(L, e->base + 2, (lua_Integer)i + 1);
  put_32(e, e->later[i].number);
  if (lua_isfunction(L, -1)) {
    put_byte(e, THR_TAG_FUNCTION);
    put_upvalues(e, e->later[i].number, 0);
  } else {
    bool meta = lua_getmetatable(L, -1);
    put_byte(e, THR_TAG_TABLE | (meta ? THR_FLAG_META : 0));
    if (meta) put_metatable(e, 1);
    put_fields(e, 0);
  }
  lua_pop(L, 1);
  e->step = NULL;
}

static void put_all(thr_encoder *e) {
  for (int i = 0; i < e->nvalues; i++) {
    thr_way step = {NULL, THR_STEP_VALUE, 0, i + 1};
    e->step = &step;
    put_value(e, e->first + i, 0);
  }
  e->step = NULL;
  for (uint32_t i = 0; i < e->nlater; i++) put_later(e, i);
}

static thr_message *finish(thr_encoder *e) {
  unsigned char *bytes = e->bytes;
  size_t size = e->n;
  if (!bytes) bytes = thr_encoder_room(e, 1);
  thr_message *m = thr_message_new(&bytes, size, e->shares, e->nshares);
  if (!m) thr_encoder_nomemory(e);
  e->bytes = bytes;
  if (!bytes) e->room = 0;
  m->nvalues = (uint32_t)e->nvalues;
  m->refers = e->refers;
  e->nshares = 0;
  return m;
}

thr_message *thr_encode(lua_State *L, int first, int n, const char *what) {
  thr_encoder *e = thr_encoder_begin(L);
  e->first = first;
  e->nvalues = n;
  e->what = what;
  (void)thr_os_setjump(e->again);
  lua_settop(e->L, e->base + 2);
  thr_encoder_clear(e);
  put_all(e);
  thr_message *m = finish(e);
  thr_encoder_end(e);
  return m;
}

void thr_encode_open(lua_State *L) { thr_encoder_open(L); }
