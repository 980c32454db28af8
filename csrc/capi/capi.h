/* capi: the table of functions behind threading.h, and its registry entry. */
#ifndef THR_CAPI_H
#define THR_CAPI_H

#include <lua.h>

#include "os/port.h"

THR_PRIVATE_BEGIN

/* Raises where another copy of the library is open in this Lua state: each
** would have a global lock of its own. */
void thr_capi_checkfirst(lua_State *L);

/* Puts the table into the registry. */
void thr_capi_open(lua_State *L);

THR_PRIVATE_END

#endif
