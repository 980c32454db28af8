/* value: see value.h. */
#include "data/value.h"

#include <string.h>

#include "bind/args.h"
#include "bind/blame.h"
#include "bind/box.h"
#include "bind/describe.h"
#include "warn/lost.h"

thr_value *thr_value_new(thr_elem type) {
  thr_value *v = thr_os_alloc(sizeof(*v));
  if (!v) return NULL;
  atomic_init(&v->refs, 1);
  v->type = type;
  thr_value_store(v, (thr_num){0});
  return v;
}

void thr_value_unref(thr_value *v) {
  if (atomic_fetch_sub(&v->refs, 1) != 1) return;
  thr_label_free(v->label);
  thr_os_free(v);
}

thr_num thr_value_load(thr_value *v) {
  thr_num x = {0};
  switch (v->type) {
#define X(tag, name, T, k)                                               \
  case THR_##tag:                                                        \
    x.k = (T)atomic_load_explicit(&v->u.name, memory_order_relaxed);     \
    break;
    THR_ELEMS(X)
#undef X
    default: break;
  }
  return x;
}

void thr_value_store(thr_value *v, thr_num x) {
  switch (v->type) {
#define X(tag, name, T, k)                                             \
  case THR_##tag:                                                      \
    atomic_store_explicit(&v->u.name, (T)x.k, memory_order_relaxed);   \
    break;
    THR_ELEMS(X)
#undef X
    default: break;
  }
}

thr_num thr_value_exchange(thr_value *v, thr_num x) {
  switch (v->type) {
#define X(tag, name, T, k)                        \
  case THR_##tag:                                 \
    x.k = atomic_exchange(&v->u.name, (T)x.k);    \
    break;
    THR_ELEMS(X)
#undef X
    default: break;
  }
  return x;
}

bool thr_value_replace(thr_value *v, thr_num *old, thr_num x) {
  bool done = false;
  switch (v->type) {
#define X(tag, name, T, k)                                                \
  case THR_##tag: {                                                       \
    T o = (T)old->k;                                                      \
    done = atomic_compare_exchange_strong(&v->u.name, &o, (T)x.k);        \
    old->k = o;                                                           \
    break;                                                                \
  }
    THR_ELEMS(X)
#undef X
    default: break;
  }
  return done;
}

/* --- the Lua face --- */

/***
A number that Lua and C share.  A number that does not fit its type is refused,
never wrapped or cut; integers may be written as floats (3.0), a float32
rounds.  A uint64 is the 64 bits of a Lua integer: from 2^63 on it reads as a
negative one (compare with `math.ult`, print with `"%x"` or tostring), and
every Lua integer is accepted.
@classmod threading.Value
@usage
local threading = require "threading"
local hits = threading.Value "int64"

threading.parallel_for(1, 1000, function(first, last)
  hits:fetch_add(last - first + 1)
end)
print(hits.value) --> 1000
*/
static void unref(void *v) { thr_value_unref(v); }

static void *ref(void *v) {
  atomic_fetch_add_explicit(&((thr_value *)v)->refs, 1, memory_order_relaxed);
  return v;
}

static const thr_kind kind = {
    .name = "threading.Value", .unref = unref, .ref = ref,
    .open = thr_value_open};

thr_value *thr_value_test(lua_State *L, int arg) {
  return thr_box_test(L, arg, &kind);
}

static thr_value *check(lua_State *L, int arg) {
  return thr_box_check(L, arg, &kind);
}

int thr_value_create(lua_State *L) {
  static const char *const names[] = {"type", "initial", "name", NULL};
  const char *name = thr_args_options(L, 2, 2, names);
  thr_elem type = thr_elem_checktype(L, 1);
  thr_num initial = {0};
  if (!lua_isnoneornil(L, 2)) initial = thr_elem_check(L, 2, "initial", type);
  thr_box *box = thr_box_new(L, &kind);
  thr_value *v = thr_value_new(type);
  if (!v) return thr_blame_error(L, "not enough memory");
  thr_box_fill(box, &kind, v);
  v->label = thr_describe_label(L, name);
  if (!lua_isnoneornil(L, 2)) thr_value_store(v, initial);
  return 1;
}

/***
Adds atomically.  An int64 and a uint64 wrap around, as Lua's integers do.
@function fetch_add
@tparam number n what is added; negative to subtract
@treturn number the value before
@raise if n is not a number of the value's kind, or if the sum does not fit
the type; the value is then unchanged
*/
static int value_fetchadd(lua_State *L) {
  thr_value *v = check(L, 1);
  return thr_elem_fetchadd(L, 2, v->type, &v->u);
}

/***
Stores atomically.
@function exchange
@tparam number x the new number
@treturn number the value before
@raise if x is not a number of the value's type
*/
static int value_exchange(lua_State *L) {
  thr_value *v = check(L, 1);
  thr_num x = thr_elem_check(L, 2, "x", v->type);
  thr_elem_push(L, v->type, thr_value_exchange(v, x));
  return 1;
}

/***
Stores atomically, if the value is the expected one.  Bits are compared: 0.0
and -0.0 differ, a NaN equals itself, 3 and 3.0 are the same.
@function compare_exchange
@tparam number old the expected one
@tparam number new the number to store
@treturn boolean stored
@treturn number the value before
@raise if an argument is not a number of the value's type
*/
static int value_compareexchange(lua_State *L) {
  thr_value *v = check(L, 1);
  thr_num old = thr_elem_check(L, 2, "old", v->type);
  thr_num new = thr_elem_check(L, 3, "new", v->type);
  lua_pushboolean(L, thr_value_replace(v, &old, new));
  thr_elem_push(L, v->type, old);
  return 2;
}

/***
The name that it was given when it was made.
@function get_name
@treturn string or nil, where it has none
*/
static int value_getname(lua_State *L) {
  return thr_describe_getname(L, check(L, 1)->label);
}

/***
The number (may be set): a plain load, a plain store.
@field value
*/
/***
The type's name (string, read only).
@field type
*/
static int value_index(lua_State *L) {
  thr_value *v = check(L, 1);
  const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
  if (strcmp(key, "value") == 0) {
    thr_elem_push(L, v->type, thr_value_load(v));
  } else if (strcmp(key, "type") == 0) {
    lua_pushstring(L, thr_elem_name(v->type));
  } else {
    thr_box_pushmethod(L);
  }
  return 1;
}

static int value_newindex(lua_State *L) {
  thr_value *v = check(L, 1);
  thr_num x;
  const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
  if (strcmp(key, "value") != 0)
    return thr_blame_error(L, "cannot set '%s' of a Value; set its 'value'",
                           luaL_tolstring(L, 2, NULL));
  if (!thr_elem_get(L, 3, v->type, &x))
    return thr_blame_error(L, "value: %s", thr_elem_pushwhy(L, 3, v->type));
  thr_value_store(v, x);
  return 0;
}

static int value_tostring(lua_State *L) {
  thr_value *v = thr_box_use(L, 1, &kind);
  const char *label = thr_describe_pushlabel(L, v->label);
  thr_elem_pushtext(L, v->type, thr_value_load(v));
  lua_pushfstring(L, "<threading.Value%s %s %s>", label,
                  thr_elem_name(v->type), lua_tostring(L, -1));
  return 1;
}

/* --- while debugging, see lost --- */

static bool is_value(lua_State *L) {
  return lua_type(L, 2) == LUA_TSTRING &&
         strcmp(lua_tostring(L, 2), "value") == 0;
}

static int watched_index(lua_State *L) {
  thr_value *v = check(L, 1);
  thr_num x = {0};
  int n = value_index(L);
  if (is_value(L) && thr_elem_get(L, -1, v->type, &x))
    thr_lost_read(L, v, 0, x.i);
  return n;
}

static int watched_newindex(lua_State *L) {
  thr_value *v = check(L, 1);
  if (is_value(L))
    thr_lost_store(L, v, 0, thr_value_load(v).i, "Value", v->label);
  return value_newindex(L);
}

static int watched_compareexchange(lua_State *L) {
  int n = value_compareexchange(L);
  thr_lost_exchange(L, check(L, 1), lua_toboolean(L, -2));
  return n;
}

void thr_value_open(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"fetch_add", value_fetchadd},
      {"exchange", value_exchange},
      {"compare_exchange", value_compareexchange},
      {"get_name", value_getname},
      {"__newindex", value_newindex},
      {"__tostring", value_tostring},
      {NULL, NULL}};
  static const luaL_Reg watched[] = {
      {"compare_exchange", watched_compareexchange},
      {"__newindex", watched_newindex},
      {NULL, NULL}};
  bool watches = thr_os_debugs();
  thr_box_newtype(L, &kind, methods);
  if (watches) thr_box_override(L, watched);
  thr_box_indexwith(L, watches ? watched_index : value_index);
  lua_pop(L, 1);
}
