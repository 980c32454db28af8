/*
** farmed: calls that the workers of a ProcessPoolExecutor have made in other
** processes.
**
** A call is encoded by the thread that asks for it: what cannot go there is
** told at once.  It is kept as a message, a future's call in C (see future.h).
*/
#ifndef THR_FARMED_H
#define THR_FARMED_H

#include <lua.h>

#include "os/port.h"

THR_PRIVATE_BEGIN

/* Functions of threading._thread. */
/* _farmed_future(fn, ...): a future whose call is for another process */
int thr_farmed_future(lua_State *L);
/* _farmed_serve(queue, home): has the calls of such futures made, until the
** queue is shut down and empty.  home() returns a worker process for the next
** call; home("again"), another one, for that was gone; home("gone", how) is
** told that a process has ended in the middle of a call, and raises that. */
int thr_farmed_serve(lua_State *L);

THR_PRIVATE_END

#endif
