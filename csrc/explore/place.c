/* place: see place.h. */
#include "explore/place.h"

#include <lauxlib.h>

#define PROBES 8u
#define MAX_VALUES 20
#define MAX_STRING 40 /* characters of a string that are shown */

static uint64_t hash_of(const char *s) { /* FNV-1a */
  uint64_t h = UINT64_C(14695981039346656037);
  for (; *s; s++) h = (h ^ (unsigned char)*s) * UINT64_C(1099511628211);
  return h;
}

static bool is_split(const thr_places *places, const char *source) {
  return !places->is_split || places->is_split(places->arg, source);
}

/* By address, or in one of the places that follow. */
static const thr_source *find(thr_places *places, const char *source) {
  unsigned at = (unsigned)((uintptr_t)source >> 4), end = at + PROBES;
  thr_source *s;
  do s = &places->of[at++ % THR_KNOWN_SOURCES];
  while (s->source && s->source != source && at < end);
  if (s->source != source)
    *s = (thr_source){source, hash_of(source), is_split(places, source)};
  return s;
}

thr_place thr_place_find(thr_places *places, lua_State *L) {
  lua_Debug ar;
  thr_place place = {&places->unknown, 0};
  for (int level = 0; L && lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "Sl", &ar);
    if (ar.currentline <= 0) continue;
    place.source = find(places, ar.source);
    place.line = ar.currentline;
    break;
  }
  return place;
}

/* Of what is shown: nil, booleans, numbers, strings. */
static void add_value(luaL_Buffer *b, lua_State *to, lua_State *L) {
  switch (lua_type(L, -1)) {
    case LUA_TNIL: luaL_addstring(b, "nil"); return;
    case LUA_TBOOLEAN:
      luaL_addstring(b, lua_toboolean(L, -1) ? "true" : "false");
      return;
    case LUA_TNUMBER:
      if (lua_isinteger(L, -1))
        lua_pushfstring(to, "%I", (LUAI_UACINT)lua_tointeger(L, -1));
      else
        lua_pushfstring(to, "%f", (LUAI_UACNUMBER)lua_tonumber(L, -1));
      luaL_addvalue(b);
      return;
    case LUA_TSTRING: {
      size_t n = lua_rawlen(L, -1);
      const char *s = lua_tostring(L, -1);
      luaL_addchar(b, '"');
      luaL_addlstring(b, s, n < MAX_STRING ? n : MAX_STRING);
      luaL_addstring(b, n < MAX_STRING ? "\"" : "...\"");
      return;
    }
  }
}

/* Pops the value on top of L's stack.  Tables and the like are left out: they
** have but addresses. */
static void add_named(luaL_Buffer *b, lua_State *to, lua_State *L,
                      const char *name, bool *any) {
  int type = lua_type(L, -1);
  if (type <= LUA_TSTRING && type != LUA_TLIGHTUSERDATA) {
    if (*any) luaL_addstring(b, ", ");
    *any = true;
    luaL_addstring(b, name);
    luaL_addstring(b, " = ");
    add_value(b, to, L);
  }
  lua_pop(L, 1);
}

void thr_place_pushvalues(lua_State *to, lua_State *L) {
  lua_Debug ar;
  luaL_Buffer b;
  const char *name;
  luaL_buffinit(to, &b);
  bool any = false, known = L && lua_getstack(L, 0, &ar);
  for (int i = 1; known && i <= MAX_VALUES; i++) {
    if (!(name = lua_getlocal(L, &ar, i))) break;
    add_named(&b, to, L, name, &any);
  }
  luaL_pushresult(&b);
}
