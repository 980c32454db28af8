/*
** finaliser: does the collector call a finaliser, or the program?
**
** A finaliser frees what nothing refers to any more.  Lua code can get hold
** of one (by debug.getmetatable, in the registry) and call it while the object
** is in use, so it acts only when the collector calls it.
*/
#ifndef THR_FINALISER_H
#define THR_FINALISER_H

#include <lua.h>
#include <stdbool.h>

#include "os/port.h"

THR_PRIVATE_BEGIN

/* The first that each finaliser calls, directly.  Returns where the collector
** has called it, and raises an error elsewhere.  The object at stack index 1
** is then unreachable, or the Lua state is being closed; a finaliser that ran
** before may have made it reachable again. */
void thr_finaliser_enter(lua_State *L);

/* Has the collector called a function that L is in?  Lua turns the error that
** ends that into a warning. */
bool thr_finaliser_isaround(lua_State *L);

THR_PRIVATE_END

#endif
