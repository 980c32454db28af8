/* current: which interpreter a Lua state is. */
#ifndef THR_CURRENT_H
#define THR_CURRENT_H

#include <lua.h>

#include "interp/interp.h"

THR_PRIVATE_BEGIN

/* That of this Lua state; it is made where the state is a main one.  Raises for
** want of memory, and where the program is at its end. */
thr_interp *thr_current(lua_State *L);

/* That of the runtime of ts, a main one, is at its end. */
void thr_current_forget(thr_tstate *ts, thr_interp *main);

/* Makes it that of this Lua state.  NULL, at first, so that to set it later
** needs no memory. */
void thr_current_set(lua_State *L, thr_interp *i);

THR_PRIVATE_END

#endif
