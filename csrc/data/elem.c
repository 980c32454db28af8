/* elem: see elem.h. */
#include "data/elem.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "bind/args.h"

static const struct {
  const char *name;
  size_t size;
} types[] = {
#define X(tag, name, T, k) {#name, sizeof(T)},
    THR_ELEMS(X)
#undef X
};

/* What a Lua integer must be to fit. */
static const struct {
  int64_t least, most;
} limits[] = {{INT8_MIN, INT8_MAX},   {INT16_MIN, INT16_MAX},
              {INT32_MIN, INT32_MAX}, {INT64_MIN, INT64_MAX},
              {0, UINT8_MAX},         {0, UINT16_MAX},
              {0, UINT32_MAX},        {INT64_MIN, INT64_MAX}};

/* C's own names for integers: which of the types each is differs between
** platforms. */
static const struct {
  const char *name;
  size_t size;
  bool has_sign;
} c_integers[] = {
#define X(T) {#T, sizeof(T), (T)-1 < (T)1}
    X(char),       X(signed char),   X(unsigned char),
    X(short),      X(unsigned short), X(int),
    X(unsigned),   X(unsigned int),  X(long),
    X(unsigned long), X(long long),  X(unsigned long long),
    X(size_t),     X(ptrdiff_t),     X(intptr_t),
    X(uintptr_t),  X(int8_t),        X(int16_t),
    X(int32_t),    X(int64_t),       X(uint8_t),
    X(uint16_t),   X(uint32_t),      X(uint64_t)
#undef X
};

#define NC (sizeof(c_integers) / sizeof(c_integers[0]))

const char *thr_elem_name(thr_elem type) { return types[type].name; }

size_t thr_elem_size(thr_elem type) { return types[type].size; }

static bool fits(thr_elem type, int64_t i) {
  return i >= limits[type].least && i <= limits[type].most;
}

/* Infinity and NaN are floats of any size. */
static bool fitsfloat(thr_elem type, double d) {
  return type == THR_FLOAT64 || !(fabs(d) > FLT_MAX) || isinf(d);
}

/* *sum = x + n, where n is an int64, a uint64 or a float64, whatever kin of
** the type has 64 bits.  False: the sum does not fit. */
static bool sum_up(thr_elem type, thr_num x, thr_num n, thr_num *sum) {
  if (thr_elem_isfloat(type)) {
    sum->d = x.d + n.d;
    return fitsfloat(type, sum->d);
  }
  sum->i = (int64_t)((uint64_t)x.i + (uint64_t)n.i);
  if (types[type].size == sizeof(int64_t)) return true;
  return n.i >= limits[type].least - x.i && n.i <= limits[type].most - x.i;
}

/* In the type itself: a float32 that is a NaN of C's need not come back from
** thr_num with the same bits. */
static bool add(thr_elem type, void *at, thr_num n, thr_num *old) {
  thr_num sum = {0};
  switch (type) {
#define X(tag, name, T, k)                                             \
  case THR_##tag: {                                                    \
    T o = atomic_load_explicit((_Atomic T *)at, memory_order_relaxed); \
    do {                                                               \
      old->k = o;                                                      \
      if (!sum_up(type, *old, n, &sum)) return false;                  \
    } while (!atomic_compare_exchange_weak((_Atomic T *)at, &o,        \
                                           (T)sum.k));                 \
    break;                                                             \
  }
    THR_ELEMS(X)
#undef X
    default: break;
  }
  return true;
}

/* --- the Lua face --- */

static thr_elem unknown_type(lua_State *L, int arg) {
  const char *known[THR_NELEM + 1] = {NULL};
  for (int i = 0; i < THR_NELEM; i++) known[i] = types[i].name;
  return thr_args_unknown(L, arg, "type", "type", known);
}

static thr_elem integer_of(size_t size, bool has_sign) {
  int type = has_sign ? THR_INT8 : THR_UINT8;
  while (types[type].size != size) type++;
  return (thr_elem)type;
}

/* By the name that C has for it; THR_NELEM: there is none. */
static thr_elem by_c_name(const char *s) {
  if (strcmp(s, "double") == 0) return THR_FLOAT64;
  if (strcmp(s, "float") == 0) return THR_FLOAT32;
  for (size_t i = 0; i < NC; i++)
    if (strcmp(s, c_integers[i].name) == 0)
      return integer_of(c_integers[i].size, c_integers[i].has_sign);
  return THR_NELEM;
}

thr_elem thr_elem_checktype(lua_State *L, int arg) {
  if (lua_type(L, arg) != LUA_TSTRING)
    thr_args_typeerror(L, arg, "type", "string");
  const char *s = lua_tostring(L, arg);
  for (int i = 0; i < THR_NELEM; i++)
    if (strcmp(s, types[i].name) == 0) return (thr_elem)i;
  thr_elem type = by_c_name(s);
  return type != THR_NELEM ? type : unknown_type(L, arg);
}

void thr_elem_push(lua_State *L, thr_elem type, thr_num x) {
  if (thr_elem_isfloat(type)) lua_pushnumber(L, x.d);
  else lua_pushinteger(L, (lua_Integer)x.i);
}

void thr_elem_pushtext(lua_State *L, thr_elem type, thr_num x) {
  char s[24];
  if (type == THR_UINT64) {
    snprintf(s, sizeof(s), "%" PRIu64, (uint64_t)x.i);
    lua_pushstring(L, s);
  } else {
    thr_elem_push(L, type, x);
    luaL_tolstring(L, -1, NULL);
    lua_remove(L, -2);
  }
}

static bool getfloat(lua_State *L, int idx, thr_elem type, thr_num *x) {
  if (lua_type(L, idx) != LUA_TNUMBER) return false;
  x->d = lua_tonumber(L, idx);
  return fitsfloat(type, x->d);
}

/* An integer that is written as a float. */
static bool getintegral(lua_State *L, int idx, thr_elem type, thr_num *x) {
  int ok;
  if (lua_type(L, idx) != LUA_TNUMBER) return false;
  x->i = lua_tointegerx(L, idx, &ok);
  if (ok) return fits(type, x->i);
  double d = lua_tonumber(L, idx);
  if (type != THR_UINT64 || !(d >= 0x1p63 && d < 0x1p64)) return false;
  x->i = (int64_t)(uint64_t)d;
  return true;
}

bool thr_elem_get(lua_State *L, int idx, thr_elem type, thr_num *x) {
  if (thr_elem_isfloat(type)) return getfloat(L, idx, type, x);
  if (!lua_isinteger(L, idx)) return getintegral(L, idx, type, x);
  x->i = lua_tointeger(L, idx);
  return fits(type, x->i);
}

const char *thr_elem_pushwhy(lua_State *L, int idx, thr_elem type) {
  idx = lua_absindex(L, idx);
  if (lua_type(L, idx) != LUA_TNUMBER) {
    const char *got = luaL_typename(L, idx);
    if (luaL_getmetafield(L, idx, "__name") == LUA_TSTRING)
      got = lua_tostring(L, -1);
    return lua_pushfstring(L, "%s expected, got %s",
                           thr_elem_isfloat(type) ? "number" : "integer", got);
  }
  const char *s = luaL_tolstring(L, idx, NULL);
  double d = lua_tonumber(L, idx);
  if (!thr_elem_isfloat(type) && floor(d) != d)
    return lua_pushfstring(L, "%s is not an integer", s);
  return lua_pushfstring(L, "%s does not fit %s", s, thr_elem_name(type));
}

thr_num thr_elem_check(lua_State *L, int arg, const char *name,
                       thr_elem type) {
  thr_num x;
  if (!thr_elem_get(L, arg, type, &x))
    thr_args_error(L, arg, name, "%s", thr_elem_pushwhy(L, arg, type));
  return x;
}

/* The type of what may be added: the sum need fit, not what is added to it. */
static thr_elem wide(thr_elem type) {
  if (thr_elem_isfloat(type)) return THR_FLOAT64;
  return type == THR_UINT64 ? THR_UINT64 : THR_INT64;
}

int thr_elem_fetchadd(lua_State *L, int arg, thr_elem type, void *at) {
  thr_num old = {0}, n = thr_elem_check(L, arg, "n", wide(type));
  bool fits = add(type, at, n, &old);
  thr_elem_push(L, type, old);
  if (fits) return 1;
  const char *left = luaL_tolstring(L, -1, NULL);
  const char *right = luaL_tolstring(L, arg, NULL);
  return thr_args_error(L, arg, "n", "%s + %s does not fit %s", left, right,
                        thr_elem_name(type));
}
