/*
** place: where in its program a thread is, and whether it is split there.
**
** A thread that runs in a source that is not split has no points between its
** instructions: the library's own, a test framework's.  About each source
** `is_split` is asked once.
**
** Guard: the baton.
*/
#ifndef THR_PLACE_H
#define THR_PLACE_H

#include <lua.h>

#include "os/port.h"

THR_PRIVATE_BEGIN

#define THR_KNOWN_SOURCES 64u /* a power of 2 */

typedef struct {
  const char *source; /* as Lua has it, or NULL; alive while the collector is
                         stopped */
  uint64_t hash;
  bool split;
} thr_source;

typedef struct {
  const thr_source *source;
  int line; /* 0: unknown */
} thr_place;

typedef struct {
  bool (*is_split)(void *arg, const char *source); /* const; NULL: all is */
  void *arg;                                       /* const */
  thr_source of[THR_KNOWN_SOURCES];
  thr_source unknown;
} thr_places;

/* In the function that runs in L; or, where that is none of Lua's, in the one
** that called it. */
thr_place thr_place_find(thr_places *places, lua_State *L);

/* Pushes onto `to` "n = 8, (temporary) = 8": what the function that runs in L
** has in its local variables and in the VM's temporaries; of nil, booleans,
** numbers and strings. */
void thr_place_pushvalues(lua_State *to, lua_State *L);

THR_PRIVATE_END

#endif
