/*
** shield: a call during which a thread is not cancelled.
*/
#ifndef THR_SHIELD_H
#define THR_SHIELD_H

#include <lua.h>

#include "os/port.h"

THR_PRIVATE_BEGIN

void thr_shield_open(lua_State *L);

/* Functions of threading._thread. */
int thr_shield(lua_State *L);        /* shield(fn, ...) */
int thr_shield_expose(lua_State *L); /* _expose(fn, ...): inside a shield */

THR_PRIVATE_END

#endif
