/* capi: puts the table of threading.h into the registry. */
#ifndef THR_CAPI_H
#define THR_CAPI_H

#include "os.h"

THR_PRIVATE_BEGIN

struct lua_State;
void thr_capi_open(struct lua_State *L);

THR_PRIVATE_END

#endif
