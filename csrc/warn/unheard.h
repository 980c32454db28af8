/*
** unheard: an error of a call that others made, and that nobody has asked for;
** told under THREADING_DEBUG when the future is collected.
*/
#ifndef THR_UNHEARD_H
#define THR_UNHEARD_H

#include <lua.h>

#include "os/port.h"

THR_PRIVATE_BEGIN

typedef struct thr_unheard thr_unheard;

/* The program makes the future now; NULL where nothing is to be told. */
thr_unheard *thr_unheard_made(lua_State *L);
/* The call has failed with the error at idx, whose traceback, a string, may be
** on top of the stack.  NULL is taken, here and below. */
void thr_unheard_failed(lua_State *L, int idx, thr_unheard *u);
/* Somebody has asked, or will be told: frees it, and returns NULL. */
thr_unheard *thr_unheard_asked(thr_unheard *u);
/* The future is collected: tells, and frees it. */
void thr_unheard_dropped(thr_unheard *u);

THR_PRIVATE_END

#endif
