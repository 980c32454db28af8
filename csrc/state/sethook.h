/* sethook: replaces debug.sethook and gethook, see the .c file; and has the
** hooks of all threads set. */
#ifndef THR_SETHOOK_H
#define THR_SETHOOK_H

#include "os/port.h"

THR_PRIVATE_BEGIN

struct lua_State;
void thr_sethook_open(struct lua_State *L);

/* _sethooks(fn): calls fn with each coroutine that a thread runs, and with the
** one below all others; the main thread does so itself, as soon as it can. */
int thr_sethook_all(struct lua_State *L);
/* The runtime's at_dump: does that in the main thread, and dumps if that is
** asked for. */
void thr_sethook_atdump(struct lua_State *L);

THR_PRIVATE_END

#endif
