/*
** heap: see heap.h.
**
** The parent of place i is i / 2.  So the leading bits of a place are the whole
** path to it from the top.
*/
#include "queue/heap.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "bind/args.h"
#include "bind/blame.h"

typedef enum { NOT_LESS, LESS, CHANGED } order;

/* Numbers and strings are compared without calling anybody. */
static bool is_plain(lua_State *L, int a, int b) {
  int type = lua_type(L, a);
  return type == lua_type(L, b) && (type == LUA_TNUMBER || type == LUA_TSTRING);
}

static bool has_lt(lua_State *L, int idx) {
  bool has = luaL_getmetafield(L, idx, "__lt") != LUA_TNIL;
  if (has) lua_pop(L, 1);
  return has;
}

/* Raises what Lua would, which knows no place in C: with the caller's, and with
** what to do.  A list whose first pair can be compared may have others: they
** are told by Lua. */
static void check_order(lua_State *L, int a, int b) {
  if (has_lt(L, a) || has_lt(L, b)) return;
  a = lua_absindex(L, a);
  b = lua_absindex(L, b);
  const char *one = thr_args_typename(L, a), *other = thr_args_typename(L, b);
  if (strcmp(one, other) == 0)
    lua_pushfstring(L, "two %s values", one);
  else
    lua_pushfstring(L, "%s with %s", one, other);
  thr_blame_error(L, "attempt to compare %s; a PriorityQueue compares its "
                  "items by `<`: put numbers, or strings, or objects with a "
                  "metamethod __lt", lua_tostring(L, -1));
}

static order compare(lua_State *L, thr_heapsearch *s, int a, int b) {
  unsigned long long before = *s->changes;
  if (s->alarm && !is_plain(L, a, b)) {
    s->alarm(s->arg);
    check_order(L, a, b);
    s->alarm = NULL;
  }
  bool less = lua_compare(L, a, b, LUA_OPLT);
  return *s->changes != before ? CHANGED : less ? LESS : NOT_LESS;
}

lua_Integer thr_heap_findput(lua_State *L, thr_heapsearch *s, int items,
                             lua_Integer n, int item) {
  lua_Integer place = n + 1;
  order up = LESS;
  while (up == LESS && place > 1) {
    lua_rawgeti(L, items, place / 2);
    up = compare(L, s, item, -1);
    lua_pop(L, 1);
    if (up == LESS) place /= 2;
  }
  return up == CHANGED ? 0 : place;
}

static void move(lua_State *L, int items, lua_Integer from, lua_Integer to) {
  lua_rawgeti(L, items, from);
  lua_rawseti(L, items, to);
}

void thr_heap_put(lua_State *L, int items, lua_Integer n, int item,
                  lua_Integer place) {
  for (lua_Integer i = n + 1; i != place; i /= 2) move(L, items, i / 2, i);
  lua_pushvalue(L, item);
  lua_rawseti(L, items, place);
}

/* Is the lesser child of *place among n less than the value on top of the
** stack?  Goes there. */
static order go_down(lua_State *L, thr_heapsearch *s, int items,
                     lua_Integer n, lua_Integer *place) {
  lua_Integer child = 2 * *place;
  int top = lua_gettop(L);
  order right = NOT_LESS, down;
  if (child > n) return NOT_LESS;
  lua_rawgeti(L, items, child);
  if (child < n) {
    lua_rawgeti(L, items, child + 1);
    right = compare(L, s, -1, -2);
  }
  if (right == NOT_LESS) lua_settop(L, top + 1);
  else child++;
  down = right == CHANGED ? CHANGED : compare(L, s, -1, top);
  lua_settop(L, top);
  if (down == LESS) *place = child;
  return down;
}

lua_Integer thr_heap_findtake(lua_State *L, thr_heapsearch *s, int items,
                              lua_Integer n) {
  lua_Integer place = 1;
  order down;
  lua_rawgeti(L, items, n);
  do down = go_down(L, s, items, n - 1, &place);
  while (down == LESS);
  lua_pop(L, 1);
  return down == CHANGED ? 0 : place;
}

void thr_heap_take(lua_State *L, int items, lua_Integer n, lua_Integer place) {
  int bit = 0;
  while (place >> (bit + 1)) bit++;
  lua_rawgeti(L, items, 1);
  for (; bit > 0; bit--)
    move(L, items, place >> (bit - 1), place >> bit);
  move(L, items, n, place);
  lua_pushnil(L);
  lua_rawseti(L, items, n);
}
