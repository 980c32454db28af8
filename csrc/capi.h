/* capi: puts the table of threading.h into the registry. */
#ifndef THR_CAPI_H
#define THR_CAPI_H

#include "os/os.h"

THR_PRIVATE_BEGIN

struct lua_State;

/* Raises where another copy of the library is open in this Lua state: each
** would have a global lock of its own. */
void thr_capi_checkfirst(struct lua_State *L);

void thr_capi_open(struct lua_State *L);

THR_PRIVATE_END

#endif
