/* child: what a child process inherits, see the .c file. */
#ifndef THR_CHILD_H
#define THR_CHILD_H

#include "os.h"

THR_PRIVATE_BEGIN

struct lua_State;
void thr_child_open(struct lua_State *L);

THR_PRIVATE_END

#endif
