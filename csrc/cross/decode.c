/* decode: see decode.h. */
#include "cross/decode.h"

#include <lauxlib.h>
#include <limits.h>
#include <string.h>

#include "bind/blame.h"
#include "bind/unwind.h"
#include "cross/classes.h"
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
  int refs; /* where the table is on the Lua stack: number + 1 -> object */
  int depth;
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

static void get_long(decoder *d) {
  size_t n;
  memcpy(&n, take(d, sizeof(n)), sizeof(n));
  lua_pushlstring(d->L, (const char *)take(d, n), n);
}

static void get_pointer(decoder *d) {
  void *p;
  memcpy(&p, take(d, sizeof(p)), sizeof(p));
  lua_pushlightuserdata(d->L, p);
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

static void get_module(decoder *d) {
  luaL_checkstack(d->L, LUA_MINSTACK, NULL);
  get_text(d);
  load_module(d, "its value");
}

/* The field of a module that a message names. */
static void get_field(decoder *d) {
  lua_State *L = d->L;
  luaL_checkstack(L, LUA_MINSTACK, NULL);
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
}

/* --- objects --- */

/* The object on top of the stack has this number. */
static void keep(decoder *d, unsigned flags, uint32_t number) {
  if (!(flags & THR_FLAG_REFERRED)) return;
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
  if (pairs > (size_t)(d->end - d->at) / 2) damaged(d);
  lua_createtable(d->L, room(elements), room(pairs));
  keep(d, flags, number);
  get_fields(d, elements, pairs);
}

static void get_class(decoder *d, unsigned flags) {
  lua_State *L = d->L;
  uint32_t number = d->objects++;
  uint64_t id, length;
  memcpy(&id, take(d, sizeof(id)), sizeof(id));
  bool needed = *take(d, 1);
  uint32_t objects = get_32(d);
  memcpy(&length, take(d, sizeof(length)), sizeof(length));
  bool known = thr_classes_push(L, id);
  if (known && !needed) {
    keep(d, flags, number);
    take(d, (size_t)length);
    d->objects += objects;
    return;
  }
  lua_newtable(L); /* it becomes the class, or nothing */
  if (!known) thr_classes_add(L, -1, id);
  if (known) lua_pushvalue(L, -2);
  else lua_pushvalue(L, -1);
  keep(d, flags, number);
  lua_pop(L, 1);
  get_contents(d, flags);
  if (known) lua_pop(L, 1);
}

/* --- functions --- */

static void get_upvalue(decoder *d, int f, int which) {
  lua_State *L = d->L;
  if (d->at < d->end && *d->at == THR_TAG_JOIN) {
    d->at++;
    push_ref(d, get_32(d));
    int other = *take(d, 1);
    if (!lua_isfunction(L, -1) || !lua_upvalueid(L, -1, other)) damaged(d);
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

static void get_function(decoder *d, unsigned flags) {
  lua_State *L = d->L;
  uint32_t number = d->objects++;
  size_t n = get_32(d);
  const char *code = (const char *)take(d, n);
  if (luaL_loadbufferx(L, code, n, "=message", "b") != LUA_OK) lua_error(L);
  keep(d, flags, number);
  if (!(flags & THR_FLAG_LATER)) get_upvalues(d);
}

/* --- any --- */

static void get_other(decoder *d, unsigned tag) {
  lua_State *L = d->L;
  if (++d->depth > 2 * THR_MAX_CLASS_DEPTH) damaged(d);
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  switch (tag & THR_TAG_MASK) {
    case THR_TAG_GLOBALS:
      lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
      break;
    case THR_TAG_LONG: get_long(d); break;
    case THR_TAG_POINTER: get_pointer(d); break;
    case THR_TAG_MODULE: get_module(d); break;
    case THR_TAG_FIELD: get_field(d); break;
    case THR_TAG_REF: push_ref(d, get_32(d)); break;
    case THR_TAG_OBJECT: get_object(d); break;
    case THR_TAG_TABLE: get_table(d, tag); break;
    case THR_TAG_CLASS: get_class(d, tag); break;
    case THR_TAG_FUNCTION: get_function(d, tag); break;
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
  if (lua_isfunction(d->L, -1)) get_upvalues(d);
  else if (lua_istable(d->L, -1)) get_contents(d, tag);
  else damaged(d);
  lua_pop(d->L, 1);
}

int thr_decode(lua_State *L, const thr_message *m) {
  decoder d = {.L = L, .m = m, .at = m->bytes, .end = m->bytes + m->size};
  if (m->nvalues > INT_MAX / 2 ||
      !lua_checkstack(L, (int)m->nvalues + LUA_MINSTACK))
    thr_blame_error(L, "too many values in a message");
  if (m->refers) {
    lua_newtable(L);
    d.refs = lua_gettop(L);
  }
  for (uint32_t i = 0; i < m->nvalues; i++) get_value(&d);
  while (d.at < d.end) get_later(&d);
  if (m->refers) lua_remove(L, d.refs);
  return (int)m->nvalues;
}
