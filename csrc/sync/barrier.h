/*
** barrier: releases threads in rounds of `parties`.
**
** Each waiter holds a ticket of its round, whose outcome is TRIPPED or
** BROKEN: a reset that overtakes a slow waiter cannot change what its own
** round came to.  While the last arriver runs the action the round is ACTING;
** a thread that comes then waits for the next one.
*/
#ifndef THR_BARRIER_H
#define THR_BARRIER_H

#include <lua.h>

#include "os/os.h"

THR_PRIVATE_BEGIN

void thr_barrier_open(lua_State *L);
int thr_barrier_create(lua_State *L);

THR_PRIVATE_END

#endif
