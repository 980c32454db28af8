/*
** outlet: what is written to one of C's streams, while the global lock is let
** go of where that would have to wait.
**
** A stream that may let its writer wait (a pipe, a terminal, a socket) is
** flushed when its descriptor is ready, by pieces that a pipe which is ready
** takes whole.  Till then the thread waits in park.  A terminal says that it is
** ready where it may take one byte; so what is written to it is written while
** the global lock is let go, and so is a buffer that a program has made larger
** than such a piece.
**
** Laws
** - One call at a time writes to a stream that lets it wait; others wait for
**   their turn, so that what a call writes stays in one piece.
** - A call that is under way when the file is to be closed gives up.
** - Nothing here raises: the outcome says what there is to do.
*/
#ifndef THR_OUTLET_H
#define THR_OUTLET_H

#include <lauxlib.h>
#include <lua.h>

#include "gil/record.h"

THR_PRIVATE_BEGIN

typedef enum {
  THR_OUT_DONE,
  THR_OUT_FAILED, /* with errno */
  THR_OUT_CLOSED, /* another thread closes the file */
  THR_OUT_RAISED  /* the wait was given up: an error object is on the stack */
} thr_outcome;

/* A call, on its thread's stack. */
typedef struct thr_outlet {
  lua_State *L;
  thr_tstate *ts;
  FILE *stream;
  const luaL_Stream *file; /* NULL: none of Lua's, and is never closed */
  bool slow;               /* it may block although it is ready */
  bool nested;             /* the same thread writes to it already */
  struct thr_outlet *next; /* guard: the list's mutex */
} thr_outlet;

/* For how many bytes is there room in the stream's buffer, so that nothing need
** be written to the descriptor?  0 also where a call is under way. */
size_t thr_outlet_room(FILE *stream);

/* A call that writes to it; false: that does not let the caller wait, or the
** caller may not wait here, or there is no other thread that could run. */
bool thr_outlet_make(thr_outlet *o, lua_State *L, FILE *stream,
                     const luaL_Stream *file);

/* Can it write so many bytes, and flush, at once and under the global lock? */
bool thr_outlet_takes(const thr_outlet *o, size_t n);

/* Between these two all others wait.  Where `enter` is not DONE, it has not
** begun. */
thr_outcome thr_outlet_enter(thr_outlet *o);
void thr_outlet_leave(thr_outlet *o);

thr_outcome thr_outlet_write(thr_outlet *o, const char *s, size_t n);
thr_outcome thr_outlet_flush(thr_outlet *o);

/* A whole call that flushes, where that may have to wait. */
thr_outcome thr_outlet_flushfile(lua_State *L, FILE *stream,
                                 const luaL_Stream *file);

THR_PRIVATE_END

#endif
