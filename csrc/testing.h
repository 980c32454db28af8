/*
** testing: the Lua face of the hostile build, `_thread._testing`, by which a
** spec says what is to go wrong (see fault.h).
*/
#ifndef THR_TESTING_H
#define THR_TESTING_H

#include "os/port.h"

THR_PRIVATE_BEGIN

struct lua_State;

/* Adds `_testing` to the module on the stack; nothing in an ordinary build. */
#if defined(THREADING_TESTING)
void thr_testing_open(struct lua_State *L);
#else
static inline void thr_testing_open(struct lua_State *L) { (void)L; }
#endif

THR_PRIVATE_END

#endif
