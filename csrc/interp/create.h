/*
** create: a new interpreter: a Lua state with the standard library and a
** runtime of ours, whose main record no OS thread has.
**
** What costs time comes when it is asked for: the types of our objects and the
** functions in place of standard ones with `require "threading"` there.
*/
#ifndef THR_CREATE_H
#define THR_CREATE_H

#include <lua.h>

#include "interp/interp.h"

THR_PRIVATE_BEGIN

/* Makes an interpreter of L's family, with a box that is the caller's.  Raises
** for want of memory. */
thr_interp *thr_create(lua_State *L);

THR_PRIVATE_END

#endif
