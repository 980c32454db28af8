/* clock: the functions of threading.time; thr_clock_open pushes their table */
#ifndef THR_CLOCK_H
#define THR_CLOCK_H

#include "os/os.h"

THR_PRIVATE_BEGIN

struct lua_State;
void thr_clock_open(struct lua_State *L);

THR_PRIVATE_END

#endif
