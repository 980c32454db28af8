/*
** nogil: how C code lets go of the global lock, and comes back to Lua.
**
** threading.h says what each does; `threading_thread` is a thread's record.
*/
#ifndef THR_NOGIL_H
#define THR_NOGIL_H

#include <lua.h>

#include "gil/record.h"
#include "threading.h"

THR_PRIVATE_BEGIN

static inline thr_tstate *thr_nogil_record(threading_thread *t) {
  return (thr_tstate *)t;
}

threading_thread *thr_nogil_self(lua_State *L);
int thr_nogil_release(threading_thread *t);
int thr_nogil_take(threading_thread *t);
int thr_nogil_stopping(threading_thread *t);
void thr_nogil_check(lua_State *L);

/* Must the lock not be let go of?  Then it is kept: C has what it has
** allocated, and perhaps no protected call, so that only threading_check
** raises. */
bool thr_nogil_iskept(thr_tstate *ts);

THR_PRIVATE_END

#endif
