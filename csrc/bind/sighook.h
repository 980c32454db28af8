/*
** sighook: calls the hook by which a signal handler interrupts the program.
**
** lua.c's handler of Ctrl-C sets a hook on the main state. It lies under ours,
** which passes the event on; so the error that it raises goes through our
** frame, and its place has to be corrected.
**
** Called by preempt, through the runtime's at_signal: it raises.
*/
#ifndef THR_SIGHOOK_H
#define THR_SIGHOOK_H

#include <lua.h>

#include "gil/record.h"

THR_PRIVATE_BEGIN

/* Calls fn, a handler's hook, in L, the main thread's base state: it removes
** itself, and with it ours, and raises.  Ours is installed again first. */
void thr_sighook_call(thr_tstate *ts, lua_State *L, lua_Hook fn,
                      lua_Debug *ar);

THR_PRIVATE_END

#endif
