/*
** equip: what a Lua state gets when the library comes into it: functions of
** ours in place of standard ones, and what C modules ask for.
*/
#ifndef THR_EQUIP_H
#define THR_EQUIP_H

#include <lua.h>

#include "gil/record.h"

THR_PRIVATE_BEGIN

/* Out of memory on its way, it may be called again. */
void thr_equip(lua_State *L, thr_runtime *rt);

THR_PRIVATE_END

#endif
