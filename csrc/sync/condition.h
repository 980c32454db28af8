/*
** condition: wait until notified, over a Lock, an RLock, or any object with
** acquire and release, see locklike.h.  Over another Condition: over its lock.
**
** A waiter takes its ticket before it releases the lock, so that no notify
** comes between.  The row of tickets is native; which lock it is, the face
** knows.
*/
#ifndef THR_CONDITION_H
#define THR_CONDITION_H

#include <lua.h>

#include "os/os.h"

THR_PRIVATE_BEGIN

void thr_condition_open(lua_State *L);
int thr_condition_create(lua_State *L);

THR_PRIVATE_END

#endif
