/* current: which interpreter a Lua state is. */
#ifndef THR_CURRENT_H
#define THR_CURRENT_H

#include <lua.h>

#include "interp/interp.h"

THR_PRIVATE_BEGIN

/* That of this Lua state; it is made where the state is a main one.  Raises for
** want of memory. */
thr_interp *thr_current(lua_State *L);

/* Makes it that of this Lua state.  NULL, at first, so that to set it later
** needs no memory. */
void thr_current_set(lua_State *L, thr_interp *i);

THR_PRIVATE_END

#endif
