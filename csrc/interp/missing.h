/*
** missing: a function has looked for a global that only its caller has.
*/
#ifndef THR_MISSING_H
#define THR_MISSING_H

#include <lua.h>

#include "os/port.h"

THR_PRIVATE_BEGIN

/* Where the text of an error at idx, from another interpreter, says that a
** global is nil there which is none here, it has that added. */
void thr_missing_explain(lua_State *L, int idx);

THR_PRIVATE_END

#endif
