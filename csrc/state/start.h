/*
** start: a thread that runs a Lua function: gives it a Lua state of its own,
** with the function and its arguments, and starts it.
*/
#ifndef THR_START_H
#define THR_START_H

#include <lua.h>

#include "gil/record.h"

THR_PRIVATE_BEGIN

/* Gives ts a state that will call the C function at `first` with what lies
** above that; all of it is taken off the stack.  Raises, at the caller's
** caller, if ts cannot be started now. */
void thr_start_prepare(lua_State *L, thr_tstate *ts, int first);

/* Starts ts.  Returns 0, or errno if the system refuses: then its state is
** dropped again. */
int thr_start(lua_State *L, thr_tstate *ts);

/* For that: fn(...), its upvalue, called under a handler of its own. */
int thr_start_call(lua_State *L);

/* The same for (self, on_error, report): calls self:run() under the handler,
** and report(self, err) with what that made of an error. */
int thr_start_run(lua_State *L);

THR_PRIVATE_END

#endif
