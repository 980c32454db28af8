/* value: see value.h. */
#include "value.h"

#include <stdlib.h>
#include <string.h>

#include "face.h"

thr_value *thr_value_new(thr_valuetype type) {
  thr_value *v = calloc(1, sizeof(*v));
  if (!v) return NULL;
  atomic_init(&v->refs, 1);
  v->type = type;
  if (type == THR_FLOAT64) atomic_init(&v->u.d, 0.0);
  return v;
}

void thr_value_unref(thr_value *v) {
  if (atomic_fetch_sub(&v->refs, 1) == 1) free(v);
}

/* --- the Lua face --- */

static const char *const typenames[] = {"int64", "float64", NULL};

/***
A number that Lua and C share.  An int64 holds integers alone.
@classmod threading.Value
*/
static void unref(void *v) { thr_value_unref(v); }

static const thr_kind kind = {"threading.Value", unref};

thr_value *thr_value_test(lua_State *L, int arg) {
  return thr_face_test(L, arg, &kind);
}

static thr_value *check(lua_State *L, int arg) {
  return thr_face_check(L, arg, &kind);
}

static void pushint(lua_State *L, int64_t i) {
  lua_pushinteger(L, (lua_Integer)i);
}

static int64_t checkint(lua_State *L, int arg, const char *name) {
  return thr_face_integer(L, arg, name, LUA_MININTEGER, LUA_MAXINTEGER);
}

static double checkfloat(lua_State *L, int arg, const char *name) {
  if (lua_type(L, arg) != LUA_TNUMBER)
    thr_face_typeerror(L, arg, name, "number");
  return lua_tonumber(L, arg);
}

static void push(lua_State *L, thr_value *v) {
  if (v->type == THR_INT64)
    pushint(L, atomic_load_explicit(&v->u.i, memory_order_relaxed));
  else
    lua_pushnumber(L, atomic_load_explicit(&v->u.d, memory_order_relaxed));
}

static void store(lua_State *L, thr_value *v, int arg, const char *name) {
  if (v->type == THR_INT64)
    atomic_store_explicit(&v->u.i, checkint(L, arg, name),
                          memory_order_relaxed);
  else
    atomic_store_explicit(&v->u.d, checkfloat(L, arg, name),
                          memory_order_relaxed);
}

static thr_valuetype checktype(lua_State *L, int arg) {
  if (lua_type(L, arg) != LUA_TSTRING)
    thr_face_typeerror(L, arg, "type", "string");
  const char *s = lua_tostring(L, arg);
  for (int i = 0; typenames[i]; i++)
    if (strcmp(s, typenames[i]) == 0) return (thr_valuetype)i;
  return thr_face_argerror(L, arg, "type", "unknown type '%s'", s);
}

int thr_value_create(lua_State *L) {
  thr_valuetype type = checktype(L, 1);
  thr_box *box = thr_face_newbox(L, &kind);
  thr_value *v = thr_value_new(type);
  if (!v) return luaL_error(L, "not enough memory");
  thr_face_fill(box, &kind, v);
  if (!lua_isnoneornil(L, 2) && lua_gettop(L) > 2) store(L, v, 2, "initial");
  return 1;
}

/***
Adds atomically.
@function fetch_add
@tparam number n
@treturn number the value before
@raise if n is not a number of the value's type
*/
static int value_fetchadd(lua_State *L) {
  thr_value *v = check(L, 1);
  if (v->type == THR_INT64) {
    pushint(L, atomic_fetch_add(&v->u.i, checkint(L, 2, "n")));
    return 1;
  }
  double n = checkfloat(L, 2, "n"), old = v->u.d;
  while (!atomic_compare_exchange_weak(&v->u.d, &old, old + n)) continue;
  lua_pushnumber(L, old);
  return 1;
}

/***
Stores atomically.
@function exchange
@tparam number x
@treturn number the value before
@raise if x is not a number of the value's type
*/
static int value_exchange(lua_State *L) {
  thr_value *v = check(L, 1);
  if (v->type == THR_INT64)
    pushint(L, atomic_exchange(&v->u.i, checkint(L, 2, "x")));
  else
    lua_pushnumber(L, atomic_exchange(&v->u.d, checkfloat(L, 2, "x")));
  return 1;
}

/***
Stores atomically, if the value is the expected one.
@function compare_exchange
@tparam number old the expected one
@tparam number new
@treturn boolean stored
@treturn number the value before
@raise if an argument is not a number of the value's type
*/
/* compare_exchange(old, new) -> whether it was stored, what was there */
static int value_compareexchange(lua_State *L) {
  thr_value *v = check(L, 1);
  if (v->type == THR_INT64) {
    int64_t old = checkint(L, 2, "old");
    int64_t new = checkint(L, 3, "new");
    lua_pushboolean(L, atomic_compare_exchange_strong(&v->u.i, &old, new));
    pushint(L, old);
  } else {
    double old = checkfloat(L, 2, "old"), new = checkfloat(L, 3, "new");
    lua_pushboolean(L, atomic_compare_exchange_strong(&v->u.d, &old, new));
    lua_pushnumber(L, old);
  }
  return 2;
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
    push(L, v);
  } else if (strcmp(key, "type") == 0) {
    lua_pushstring(L, typenames[v->type]);
  } else {
    lua_pushvalue(L, 2);
    lua_rawget(L, lua_upvalueindex(1)); /* the methods */
  }
  return 1;
}

static int value_newindex(lua_State *L) {
  thr_value *v = check(L, 1);
  const char *key = luaL_tolstring(L, 2, NULL);
  if (lua_type(L, 2) != LUA_TSTRING || strcmp(key, "value") != 0)
    return luaL_error(L, "a Value has no field '%s' to set", key);
  store(L, v, 3, "value");
  return 0;
}

static int value_tostring(lua_State *L) {
  thr_value *v = check(L, 1);
  push(L, v);
  lua_pushfstring(L, "<threading.Value %s %s>", typenames[v->type],
                  luaL_tolstring(L, -1, NULL));
  return 1;
}

void thr_value_open(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"fetch_add", value_fetchadd},
      {"exchange", value_exchange},
      {"compare_exchange", value_compareexchange},
      {"__newindex", value_newindex},
      {"__tostring", value_tostring},
      {NULL, NULL}};
  thr_face_newtype(L, &kind, methods);
  thr_face_indexwith(L, value_index);
  lua_pop(L, 1);
}
