/*
** rwface: RWLock as Lua sees it.
*/
#ifndef THR_RWFACE_H
#define THR_RWFACE_H

#include <lua.h>

#include "os/port.h"

THR_PRIVATE_BEGIN

void thr_rwface_open(lua_State *L); /* makes the types */
int thr_rwface_create(lua_State *L); /* _thread.rwlock() */

THR_PRIVATE_END

#endif
