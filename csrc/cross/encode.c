/* encode: see encode.h. */
#include "cross/encode.h"

#include <string.h>

#include "bind/box.h"
#include "cross/closures.h"
#include "cross/encoder.h"
#include "cross/refusal.h"
#include "cross/tables.h"
#include "kernel/kernel.h"
#include "socket/passed.h"

/* The way of plain values. */
THR_DIRECT(lua_isinteger)
THR_DIRECT(lua_toboolean)
THR_DIRECT(lua_tointegerx)
THR_DIRECT(lua_tolstring)
THR_DIRECT(lua_tonumberx)
THR_DIRECT(lua_type)

/* --- plain values --- */

static void put_integer(thr_encoder *e, lua_Integer i) {
  if (i >= 0 && i <= 255)
    thr_put_tagged(e, THR_TAG_BYTE, &(unsigned char){(unsigned char)i}, 1);
  else thr_put_tagged(e, THR_TAG_INTEGER, &i, sizeof(i));
}

static void put_number(thr_encoder *e, int idx) {
  if (lua_isinteger(e->L, idx)) {
    put_integer(e, lua_tointeger(e->L, idx));
  } else {
    lua_Number x = lua_tonumber(e->L, idx);
    thr_put_tagged(e, THR_TAG_FLOAT, &x, sizeof(x));
  }
}

/* One that occurs again is an object: a large one shall not be there twice. */
static void put_long(thr_encoder *e, const char *s, size_t n) {
  if (thr_encoder_again(e, s)) return;
  thr_encoder_newobject(e, s);
  thr_put_tagged(e, THR_TAG_LONG, &n, sizeof(n));
  thr_put_bytes(e, s, n);
}

static void put_string(thr_encoder *e, int idx) {
  size_t n;
  const char *s = lua_tolstring(e->L, idx, &n);
  if (n > 255) {
    put_long(e, s, n);
    return;
  }
  unsigned char *to = thr_encoder_room(e, n + 2);
  to[0] = THR_TAG_SHORT;
  to[1] = (unsigned char)n;
  memcpy(to + 2, s, n);
  e->n += n + 2;
}

static void put_pointer(thr_encoder *e, int idx) {
  const void *p = lua_touserdata(e->L, idx);
  thr_put_tagged(e, THR_TAG_POINTER, &p, sizeof(p));
}

/* --- what is made anew there --- */

static void put_word(thr_encoder *e, int idx) {
  size_t n;
  const char *s = lua_tolstring(e->L, idx, &n);
  thr_put_byte(e, (unsigned)n);
  thr_put_bytes(e, s, n);
}

/* Of the values from index `from` to the top: module, key, arguments.  What a
** function among these has around it comes later, for that may be what is
** made. */
static void put_call(thr_encoder *e, const void *address, int from) {
  lua_State *L = e->L;
  int top = lua_gettop(L);
  thr_encoder_newobject(e, address);
  thr_put_byte(e, THR_TAG_CALL);
  put_word(e, from);
  put_word(e, from + 1);
  thr_put_byte(e, (unsigned)(top - from - 1));
  for (int i = from + 2; i <= top; i++) {
    e->put(e, i, lua_isfunction(L, i) ? THR_MAX_DEPTH : 1);
    thr_passed_drop(L, i);
  }
  lua_settop(L, from - 1);
}

/* What it is, and what to do instead, are at idx and behind it. */
static void refuse_made(thr_encoder *e, int idx) {
  thr_refusal_because(e, lua_tostring(e->L, idx), lua_tostring(e->L, idx + 1));
}

/* Pushes what says the parts of the value at idx; false: it is not made of
** parts. */
static bool push_maker(thr_encoder *e, int idx) {
  lua_State *L = e->L;
  int top = lua_gettop(L);
  if (!lua_checkstack(L, LUA_MINSTACK)) thr_encoder_nomemory(e);
  if (!lua_getmetatable(L, idx)) return false;
  thr_encoder_names(e);
  const thr_named *named = thr_byname_find(&e->names, lua_topointer(L, -1));
  if (named && named->kind == THR_NAMED_MADE && thr_byname_pushmaker(L)) {
    lua_replace(L, top + 1);
    lua_settop(L, top + 1);
    return true;
  }
  lua_settop(L, top);
  return false;
}

bool thr_encode_ismade(thr_encoder *e, int idx) {
  bool is = push_maker(e, idx);
  if (is) lua_pop(e->L, 1);
  return is;
}

/* Is the value at idx made of parts? */
static bool put_made(thr_encoder *e, int idx) {
  lua_State *L = e->L;
  const void *address = lua_topointer(L, idx);
  int top = lua_gettop(L);
  if (!push_maker(e, idx)) return false;
  if (!thr_encoder_again(e, address)) {
    lua_pushvalue(L, idx);
    lua_call(L, 1, LUA_MULTRET);
    if (lua_isnil(L, top + 1)) refuse_made(e, top + 2);
    put_call(e, address, top + 1);
  }
  lua_settop(L, top);
  return true;
}

/* Is it a kernel's function? */
static bool put_kernel(thr_encoder *e, int idx) {
  lua_State *L = e->L;
  int top = lua_gettop(L);
  if (!lua_iscfunction(L, idx)) return false;
  if (!lua_checkstack(L, LUA_MINSTACK)) thr_encoder_nomemory(e);
  lua_pushliteral(L, "threading._thread");
  lua_pushliteral(L, "_kernel");
  bool is = thr_kernel_pushparts(L, idx);
  if (is && !thr_encoder_again(e, lua_topointer(L, idx)))
    put_call(e, lua_topointer(L, idx), top + 1);
  lua_settop(L, top);
  return is;
}

/* --- objects of ours --- */

static void put_object(thr_encoder *e, int idx) {
  lua_State *L = e->L;
  if (put_made(e, idx)) return;
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
  thr_put_byte(e, THR_TAG_OBJECT);
  thr_put_32(e, number);
}

/* --- any --- */

void thr_encode_put(thr_encoder *e, int idx, int depth) {
  switch (lua_type(e->L, idx)) {
    case LUA_TNIL: thr_put_byte(e, THR_TAG_NIL); break;
    case LUA_TBOOLEAN:
      thr_put_byte(e, lua_toboolean(e->L, idx) ? THR_TAG_TRUE : THR_TAG_FALSE);
      break;
    case LUA_TNUMBER: put_number(e, idx); break;
    case LUA_TSTRING: put_string(e, idx); break;
    case LUA_TTABLE:
      if (!put_made(e, idx)) thr_tables_put(e, idx, depth);
      break;
    case LUA_TFUNCTION:
      if (!put_kernel(e, idx)) thr_closures_put(e, idx, depth);
      break;
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
  thr_put_32(e, e->later[i].number);
  if (lua_isfunction(L, -1)) thr_closures_fill(e, e->later[i].number);
  else thr_tables_fill(e);
  e->step = NULL;
  lua_pop(L, 1);
}

static void put_all(thr_encoder *e) {
  for (int i = 0; i < e->nvalues; i++) {
    thr_way step = {NULL, THR_STEP_VALUE, 0, i + 1};
    e->step = &step;
    e->put(e, e->first + i, 0);
    e->step = NULL;
  }
  for (uint32_t i = 0; i < e->nlater; i++) put_later(e, i);
}

static thr_message *finish(thr_encoder *e) {
  unsigned char *bytes = e->bytes;
  size_t size = e->n;
  if (!bytes) bytes = thr_encoder_room(e, 1);
  thr_message *m = thr_message_new(&bytes, size, e->shares, e->nshares);
  if (!m) {
    thr_encoder_nomemory(e);
    return NULL;
  }
  e->bytes = bytes;
  if (!bytes) e->room = 0;
  m->nvalues = (uint32_t)e->nvalues;
  m->refers = e->refers;
  e->nshares = 0;
  return m;
}

/* Puts the value at idx, if it has no memory; returns its length, or 0. */
static size_t put_plain(lua_State *L, int idx, unsigned char *to) {
  int type = lua_type(L, idx);
  if (type == LUA_TNIL) {
    *to = THR_TAG_NIL;
  } else if (type == LUA_TBOOLEAN) {
    *to = lua_toboolean(L, idx) ? THR_TAG_TRUE : THR_TAG_FALSE;
  } else if (type != LUA_TNUMBER) {
    return 0;
  } else if (lua_isinteger(L, idx)) {
    lua_Integer i = lua_tointeger(L, idx);
    *to = THR_TAG_INTEGER;
    memcpy(to + 1, &i, sizeof(i));
    return 1 + sizeof(i);
  } else {
    lua_Number x = lua_tonumber(L, idx);
    *to = THR_TAG_FLOAT;
    memcpy(to + 1, &x, sizeof(x));
    return 1 + sizeof(x);
  }
  return 1;
}

#define MAX_PLAIN 8

/* What most calls return needs no encoder.  NULL: this does, or there is no
** memory. */
static thr_message *encode_plain(lua_State *L, int first, int n) {
  unsigned char bytes[MAX_PLAIN * (1 + sizeof(lua_Integer))], *at = bytes;
  if (n > MAX_PLAIN) return NULL;
  for (int i = 0; i < n; i++) {
    size_t length = put_plain(L, first + i, at);
    if (length == 0) return NULL;
    at += length;
  }
  thr_message *m =
      thr_message_new(&(unsigned char *){bytes}, (size_t)(at - bytes), NULL, 0);
  if (m) {
    m->nvalues = (uint32_t)n;
    m->plain = true;
  }
  return m;
}

static thr_message *encode(lua_State *L, int first, int n, const char *what,
                           thr_putter *put) {
  thr_encoder *e = thr_encoder_begin(L);
  e->first = first;
  e->nvalues = n;
  e->what = what;
  e->put = put;
  (void)thr_os_setjump(e->again);
  lua_settop(e->L, e->base + 2);
  thr_encoder_clear(e);
  put_all(e);
  thr_message *m = finish(e);
  thr_encoder_end(e);
  return m;
}

thr_message *thr_encode_by(lua_State *L, int first, int n, const char *what,
                           thr_putter *put) {
  thr_message *m = encode_plain(L, first, n);
  return m ? m : encode(L, first, n, what, put);
}

thr_message *thr_encode(lua_State *L, int first, int n, const char *what) {
  return thr_encode_by(L, first, n, what, thr_encode_put);
}
