/* inherit: what a child process inherits, see the .c file. */
#ifndef THR_INHERIT_H
#define THR_INHERIT_H

#include "os/os.h"

THR_PRIVATE_BEGIN

struct lua_State;
void thr_inherit_open(struct lua_State *L);

THR_PRIVATE_END

#endif
