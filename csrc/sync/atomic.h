/*
** atomic: a call during which no other thread of the Lua state runs.
**
** What runs there counts as in another thread's state (whose.h): no switch
** comes, C code that would let go of the global lock keeps it, and what would
** have to wait raises.  That is looked at wherever the lock is let go, so this
** adds nothing to any other way.
*/
#ifndef THR_ATOMIC_H
#define THR_ATOMIC_H

#include <lua.h>

#include "os/port.h"

THR_PRIVATE_BEGIN

void thr_atomic_open(lua_State *L);
int thr_atomic(lua_State *L); /* _thread.atomic(fn, ...) */

THR_PRIVATE_END

#endif
