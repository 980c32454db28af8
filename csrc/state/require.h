/* require: replaces require, see the .c file. */
#ifndef THR_REQUIRE_H
#define THR_REQUIRE_H

#include "os/port.h"

THR_PRIVATE_BEGIN

struct lua_State;
void thr_require_open(struct lua_State *L);

THR_PRIVATE_END

#endif
