/*
** passed: descriptors on their way to another Lua state: each box, and each
** message, has a duplicate of its own.
*/
#ifndef THR_PASSED_H
#define THR_PASSED_H

#include <lua.h>

#include "os/port.h"

THR_PRIVATE_BEGIN

void thr_passed_open(lua_State *L);

/* _duplicate(fd) -> a box with a duplicate, or nil and why not.  Its method
** take() returns the number of that, which is the caller's then. */
int thr_passed_duplicate(lua_State *L);

/* The box at idx, if it is one, is not needed any more: the connection must not
** wait for the collector to end. */
void thr_passed_drop(lua_State *L, int idx);

THR_PRIVATE_END

#endif
