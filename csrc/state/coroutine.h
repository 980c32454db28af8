/* coroutine: replaces functions of coroutine.*, see the .c file. */
#ifndef THR_COROUTINE_H
#define THR_COROUTINE_H

#include "os/port.h"

THR_PRIVATE_BEGIN

struct lua_State;
void thr_coroutine_open(struct lua_State *L);

THR_PRIVATE_END

#endif
