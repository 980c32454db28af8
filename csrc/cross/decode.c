/* decode: see decode.h. */
#include "cross/decode.h"

#include <lauxlib.h>
#include <limits.h>
#include <string.h>

#include "bind/blame.h"
#include "bind/unwind.h"
#include "cross/classes.h"
#include "cross/closures.h"
#include "cross/layout.h"

/* The way of plain values. */
THR_DIRECT(lua_createtable)
THR_DIRECT(lua_pushboolean)
THR_DIRECT(lua_pushinteger)
THR_DIRECT(lua_pushlstring)
THR_DIRECT(lua_pushnil)
THR_DIRECT(lua_pushnumber)
THR_DIRECT(lua_rawset)
THR_DIRECT(lua_rawseti)

typedef struct {
  lua_State *L;
  const thr_message *m;
  const unsigned char *at, *end;
  uint32_t objects; /* how many there were */
  int base; /* the values are above it */
  int refs; /* where the table is on the Lua stack: number + 1 -> object */
  int depth;
  jmp_buf again; /* begins anew */
} decoder;

static void get_value(decoder *d);

/* --- bytes --- */

static const unsigned char *take(decoder *d, size_t n) {
  const unsigned char *at = d->at;
  if ((size_t)(d->end - at) < n)
    thr_blame_error(d->L, "a message is damaged: it ends too early");
  d->at += n;
  return at;
}

static uint32_t get_32(decoder *d) {
  uint32_t x;
  memcpy(&x, take(d, sizeof(x)), sizeof(x));
  return x;
}

static int damaged(const decoder *d) {
  return thr_blame_error(d->L, "a message is damaged");
}

/* --- plain values --- */

static void get_integer(decoder *d) {
  lua_Integer i;
  memcpy(&i, take(d, sizeof(i)), sizeof(i));
  lua_pushinteger(d->L, i);
}

static void get_float(decoder *d) {
  lua_Number x;
  memcpy(&x, take(d, sizeof(x)), sizeof(x));
  lua_pushnumber(d->L, x);
}

static void get_text(decoder *d) {
  size_t n = *take(d, 1);
  lua_pushlstring(d->L, (const char *)take(d, n), n);
}

static void get_pointer(decoder *d) {
  void *p;
  memcpy(&p, take(d, sizeof(p)), sizeof(p));
  lua_pushlightuserdata(d->L, p);
}

/* --- objects --- */

/* The object on top of the stack has this number. */
static void keep(decoder *d, unsigned flags, uint32_t number) {
  if (!(flags & THR_FLAG_REFERRED)) return;
  if (d->refs == 0) damaged(d);
  lua_pushvalue(d->L, -1);
  lua_rawseti(d->L, d->refs, (lua_Integer)number + 1);
}

static void push_ref(decoder *d, uint32_t number) {
  if (d->refs == 0 ||
      lua_rawgeti(d->L, d->refs, (lua_Integer)number + 1) == LUA_TNIL)
    damaged(d);
}

static void get_object(decoder *d) {
  uint32_t number = get_32(d);
  if (number >= d->m->nshares) damaged(d);
  thr_box_pushshare(d->L, d->m->shares[number].kind,
                    d->m->shares[number].obj);
}

static void get_long(decoder *d, unsigned flags) {
  uint32_t number = d->objects++;
  size_t n;
  memcpy(&n, take(d, sizeof(n)), sizeof(n));
  lua_pushlstring(d->L, (const char *)take(d, n), n);
  keep(d, flags, number);
}

/* --- names --- */

/* An error that was raised while a module was loaded, on top of the stack. */
static int missing(decoder *d, const char *module, const char *what) {
  lua_State *L = d->L;
  if (thr_unwind_isasked(L, -1) || thr_unwind_isexit(L, -1) ||
      lua_type(L, -1) != LUA_TSTRING)
    return lua_error(L);
  return thr_blame_error(L, "a message needs the module '%s' here, for %s: %s",
                         module, what, lua_tostring(L, -1));
}

/* Replaces the name on top of the stack by its module; `what` it is for. */
static void load_module(decoder *d, const char *what) {
  lua_State *L = d->L;
  int name = lua_gettop(L);
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_pushvalue(L, name);
  if (lua_rawget(L, -2) == LUA_TNIL || !lua_toboolean(L, -1)) {
    lua_settop(L, name);
    if (lua_getglobal(L, "require") != LUA_TFUNCTION)
      thr_blame_error(L, "a message needs the module '%s' here, for %s: there "
                      "is no require", lua_tostring(L, name), what);
    lua_pushvalue(L, name);
    if (lua_pcall(L, 1, 1, 0) != LUA_OK)
      missing(d, lua_tostring(L, name), what);
  }
  lua_replace(L, name);
  lua_settop(L, name);
}

static void get_module(decoder *d, unsigned flags) {
  uint32_t number = d->objects++;
  get_text(d);
  load_module(d, "its value");
  keep(d, flags, number);
}

static void get_globals(decoder *d, unsigned flags) {
  lua_rawgeti(d->L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  keep(d, flags, d->objects++);
}

/* The field of a module that a message names. */
static void get_field(decoder *d, unsigned flags) {
  lua_State *L = d->L;
  uint32_t number = d->objects++;
  int name = lua_gettop(L) + 1;
  get_text(d);
  get_text(d);
  lua_pushfstring(L, "%s.%s", lua_tostring(L, name), lua_tostring(L, name + 1));
  lua_pushvalue(L, name);
  load_module(d, lua_tostring(L, name + 2));
  lua_pushnil(L);
  if (lua_istable(L, -2)) {
    lua_pushvalue(L, name + 1);
    lua_rawget(L, -3);
  }
  if (lua_isnil(L, -1))
    thr_blame_error(L, "a message needs %s, which the module '%s' does not "
                    "have here", lua_tostring(L, name + 2),
                    lua_tostring(L, name));
  lua_replace(L, name);
  lua_settop(L, name);
  keep(d, flags, number);
}

/* --- tables --- */

/* A run of elements behind `n`; returns the number of the last. */
static uint32_t get_run(decoder *d, unsigned tag, uint32_t n) {
  lua_State *L = d->L;
  int t = lua_gettop(L);
  uint32_t length = get_32(d);
  if (length > (size_t)(d->end - d->at) / sizeof(lua_Integer)) damaged(d);
  for (uint32_t i = 0; i < length; i++) {
    if (tag == THR_TAG_INTEGERS) get_integer(d);
    else get_float(d);
    lua_rawseti(L, t, (lua_Integer)++n);
  }
  return n;
}

static int room(uint32_t n) { return n < INT_MAX ? (int)n : INT_MAX; }

/* Of the table on top of the stack. */
static void get_fields(decoder *d, uint32_t elements, uint32_t pairs) {
  lua_State *L = d->L;
  int t = lua_gettop(L);
  for (uint32_t n = 0; n < elements;) {
    unsigned tag = d->at < d->end ? *d->at : THR_TAG_NIL;
    if (tag == THR_TAG_INTEGERS || tag == THR_TAG_FLOATS) {
      d->at++;
      n = get_run(d, tag, n);
    } else {
      get_value(d);
      lua_rawseti(L, t, (lua_Integer)++n);
    }
  }
  for (; pairs > 0; pairs--) {
    get_value(d);
    get_value(d);
    lua_rawset(L, t);
  }
}

/* Fills the table on top of the stack. */
static void get_contents(decoder *d, unsigned flags) {
  lua_State *L = d->L;
  if (flags & THR_FLAG_META) {
    get_value(d);
    lua_insert(L, -2);
  }
  uint32_t elements = get_32(d), pairs = get_32(d);
  get_fields(d, elements, pairs);
  if (flags & THR_FLAG_META) {
    lua_insert(L, -2);
    if (!lua_istable(L, -1)) damaged(d);
    lua_setmetatable(L, -2);
  }
}

/* It is made in its size, but where something comes before that is known. */
static void get_table(decoder *d, unsigned flags) {
  uint32_t number = d->objects++;
  if (flags & (THR_FLAG_LATER | THR_FLAG_META)) {
    lua_newtable(d->L);
    keep(d, flags, number);
    if (!(flags & THR_FLAG_LATER)) get_contents(d, flags);
    return;
  }
  uint32_t elements = get_32(d), pairs = get_32(d);
  size_t left = (size_t)(d->end - d->at);
  if (pairs > left / 2 || elements > left) damaged(d);
  lua_createtable(d->L, room(elements), room(pairs));
  keep(d, flags, number);
  get_fields(d, elements, pairs);
}

typedef struct {
  uint64_t id, length;
  uint32_t objects;
  bool needed;
} class_head;

static class_head get_head(decoder *d) {
  class_head h;
  memcpy(&h.id, take(d, sizeof(h.id)), sizeof(h.id));
  h.needed = *take(d, 1);
  h.objects = get_32(d);
  memcpy(&h.length, take(d, sizeof(h.length)), sizeof(h.length));
  return h;
}

/* A class that is not here yet.  It is one when all of it is there: want of
** memory leaves no half of it.  Where another thread was quicker meanwhile, the
** message begins anew. */
static void get_newclass(decoder *d, unsigned flags, uint32_t number,
                         uint64_t id) {
  lua_State *L = d->L;
  lua_newtable(L);
  keep(d, flags, number);
  get_contents(d, flags);
  if (thr_classes_push(L, id)) thr_os_jump(d->again, 1);
  thr_classes_add(L, -1, id);
}

/* A class that is here is passed over; where the message refers to what is in
** it, that is made all the same. */
static void get_class(decoder *d, unsigned flags) {
  lua_State *L = d->L;
  uint32_t number = d->objects++;
  class_head h = get_head(d);
  if (!thr_classes_push(L, h.id)) {
    get_newclass(d, flags, number, h.id);
    return;
  }
  keep(d, flags, number);
  if (h.needed) {
    lua_newtable(L);
    get_contents(d, flags);
    lua_pop(L, 1);
  } else {
    take(d, (size_t)h.length);
    d->objects += h.objects;
  }
}

/* --- functions --- */

static bool is_lua(lua_State *L, int idx) {
  return lua_isfunction(L, idx) && !lua_iscfunction(L, idx);
}

static bool has_upvalue(lua_State *L, int f, int which) {
  if (!is_lua(L, f) || !lua_getupvalue(L, f, which)) return false;
  lua_pop(L, 1);
  return true;
}

static void get_upvalue(decoder *d, int f, int which) {
  lua_State *L = d->L;
  if (d->at < d->end && *d->at == THR_TAG_JOIN) {
    d->at++;
    push_ref(d, get_32(d));
    int other = *take(d, 1);
    if (!has_upvalue(L, -1, other) || !has_upvalue(L, f, which)) damaged(d);
    lua_upvaluejoin(L, f, which, -1, other);
    lua_pop(L, 1);
  } else {
    get_value(d);
    if (!lua_setupvalue(L, f, which)) damaged(d);
  }
}

/* Of the function on top of the stack. */
static void get_upvalues(decoder *d) {
  int f = lua_gettop(d->L);
  int n = *take(d, 1);
  for (int i = 1; i <= n; i++) get_upvalue(d, f, i);
}

/* Do no upvalues come next, or only the globals? */
static bool has_none(const decoder *d) {
  const unsigned char *at = d->at;
  if (d->at == d->end || *at == 0) return true;
  return *at == 1 && d->end - at > 1 &&
         (at[1] & THR_TAG_MASK) == THR_TAG_GLOBALS;
}

static void get_function(decoder *d, unsigned flags) {
  uint32_t number = d->objects++;
  size_t n = get_32(d);
  const char *code = (const char *)take(d, n);
  bool shared = !(flags & THR_FLAG_LATER) && has_none(d);
  thr_closures_load(d->L, code, n, shared);
  keep(d, flags, number);
  if (!(flags & THR_FLAG_LATER)) get_upvalues(d);
}

/* --- what is made of parts --- */

/* The function of a module, or the module. */
static void push_maker(decoder *d) {
  lua_State *L = d->L;
  int name = lua_gettop(L) + 1;
  get_text(d);
  load_module(d, "what a module has made");
  get_text(d);
  if (lua_rawlen(L, -1) == 0) {
    lua_pop(L, 1);
  } else {
    if (!lua_istable(L, name)) damaged(d);
    lua_rawget(L, name);
    lua_replace(L, name);
  }
}

static void get_call(decoder *d, unsigned flags) {
  uint32_t number = d->objects++;
  push_maker(d);
  int n = *take(d, 1);
  luaL_checkstack(d->L, n + LUA_MINSTACK, NULL);
  for (int i = 0; i < n; i++) get_value(d);
  lua_call(d->L, n, 1);
  keep(d, flags, number);
}

/* --- any --- */

static void get_other(decoder *d, unsigned tag) {
  lua_State *L = d->L;
  if (++d->depth > 2 * THR_MAX_CLASS_DEPTH) damaged(d);
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  switch (tag & THR_TAG_MASK) {
    case THR_TAG_GLOBALS: get_globals(d, tag); break;
    case THR_TAG_LONG: get_long(d, tag); break;
    case THR_TAG_POINTER: get_pointer(d); break;
    case THR_TAG_MODULE: get_module(d, tag); break;
    case THR_TAG_FIELD: get_field(d, tag); break;
    case THR_TAG_REF: push_ref(d, get_32(d)); break;
    case THR_TAG_OBJECT: get_object(d); break;
    case THR_TAG_TABLE: get_table(d, tag); break;
    case THR_TAG_CLASS: get_class(d, tag); break;
    case THR_TAG_FUNCTION: get_function(d, tag); break;
    case THR_TAG_CALL: get_call(d, tag); break;
    default: damaged(d); break;
  }
  d->depth--;
}

/* Pushes one. */
static void get_value(decoder *d) {
  lua_State *L = d->L;
  unsigned tag = *take(d, 1);
  switch (tag) {
    case THR_TAG_NIL: lua_pushnil(L); break;
    case THR_TAG_FALSE: lua_pushboolean(L, 0); break;
    case THR_TAG_TRUE: lua_pushboolean(L, 1); break;
    case THR_TAG_BYTE: lua_pushinteger(L, *take(d, 1)); break;
    case THR_TAG_INTEGER: get_integer(d); break;
    case THR_TAG_FLOAT: get_float(d); break;
    case THR_TAG_SHORT: get_text(d); break;
    default: get_other(d, tag); break;
  }
}

static void get_later(decoder *d) {
  push_ref(d, get_32(d));
  unsigned tag = *take(d, 1);
  if (is_lua(d->L, -1)) get_upvalues(d);
  else if (lua_istable(d->L, -1)) get_contents(d, tag);
  else damaged(d);
  lua_pop(d->L, 1);
}

static void get_all(decoder *d) {
  const thr_message *m = d->m;
  lua_State *L = d->L;
  d->at = m->bytes;
  d->end = m->bytes + m->size;
  d->objects = 0;
  d->depth = 0;
  if (m->refers) {
    lua_newtable(L);
    d->refs = lua_gettop(L);
  }
  for (uint32_t i = 0; i < m->nvalues; i++) get_value(d);
  while (d->at < d->end) get_later(d);
  if (m->refers) lua_remove(L, d->refs);
}

int thr_decode(lua_State *L, const thr_message *m) {
  decoder d;
  d.L = L;
  d.m = m;
  d.refs = 0;
  if (m->nvalues > INT_MAX / 2 ||
      !lua_checkstack(L, (int)m->nvalues + LUA_MINSTACK))
    thr_blame_error(L, "too many values in a message");
  d.base = lua_gettop(L);
  (void)thr_os_setjump(d.again);
  lua_settop(d.L, d.base);
  get_all(&d);
  return (int)d.m->nvalues;
}

static int decode(lua_State *L) {
  const thr_message *m = lua_touserdata(L, 1);
  lua_settop(L, 0);
  return thr_decode(L, m);
}

int thr_decode_last(lua_State *L, thr_message *m) {
  int top = lua_gettop(L);
  if (m->plain && lua_checkstack(L, (int)m->nvalues + 2 * LUA_MINSTACK)) {
    int n = thr_decode(L, m); /* raises nothing */
    thr_message_free(m);
    return n;
  }
  lua_pushcfunction(L, decode);
  lua_pushlightuserdata(L, m);
  int status = lua_pcall(L, 1, LUA_MULTRET, 0);
  thr_message_free(m);
  if (status != LUA_OK) lua_error(L);
  return lua_gettop(L) - top;
}
