/*
** absent: errors about a global that only the caller has.  A function that
** crosses sees the globals of the interpreter in which it runs.
*/
#ifndef THR_ABSENT_H
#define THR_ABSENT_H

#include <lua.h>

#include "os/port.h"

THR_PRIVATE_BEGIN

/* The error at idx has come from another interpreter: if it is Lua's, about a
** global that is nil there and is not here, it is told which, and what to do.
*/
void thr_absent_explain(lua_State *L, int idx);

THR_PRIVATE_END

#endif
