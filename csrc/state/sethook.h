/* sethook: replaces debug.sethook and gethook, see the .c file. */
#ifndef THR_SETHOOK_H
#define THR_SETHOOK_H

#include "os/port.h"

THR_PRIVATE_BEGIN

struct lua_State;
void thr_sethook_open(struct lua_State *L);

THR_PRIVATE_END

#endif
