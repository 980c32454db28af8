/*
** heap: a binary heap of Lua values, the least one at 1, ordered by `<`.
**
** A comparison may call a metamethod, which may raise an error, let other
** threads run, and use the heap itself.  So a change has two steps: find the
** place, which changes nothing, and then, if the heap is still the one that
** was looked at, move the values, which raises nothing.
**
** `items` is the stack index of a table with room for the values.
*/
#ifndef THR_HEAP_H
#define THR_HEAP_H

#include <lua.h>

#include "os/os.h"

THR_PRIVATE_BEGIN

/* A search. */
typedef struct {
  const unsigned long long *changes; /* grows with each change of the heap */
  /* Called once, before the first comparison that may raise an error or let
  ** others run.  NULL: it has been, and the values can be compared. */
  void (*alarm)(void *arg);
  void *arg;
} thr_heapsearch;

/* Where the value at `item` is to be put in a heap of n, with n + 1 places.
** 0: the heap has changed meanwhile. */
lua_Integer thr_heap_findput(lua_State *L, thr_heapsearch *s, int items,
                             lua_Integer n, int item);
void thr_heap_put(lua_State *L, int items, lua_Integer n, int item,
                  lua_Integer place);

/* Where the last of n values is to be put when the first is taken out, or 0. */
lua_Integer thr_heap_findtake(lua_State *L, thr_heapsearch *s, int items,
                              lua_Integer n);
/* Pushes the first. */
void thr_heap_take(lua_State *L, int items, lua_Integer n, lua_Integer place);

THR_PRIVATE_END

#endif
