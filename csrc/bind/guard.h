/*
** guard: what is done at the end of a scope: the two methods of locks that
** release there, and calls that are put off until then.
*/
#ifndef THR_GUARD_H
#define THR_GUARD_H

#include <lua.h>

#include "os/port.h"

THR_PRIVATE_BEGIN

/* guard(): returns the value at 1, already acquired, its own guard: __close
** releases it.  What must be met at once waits until the to-be-closed variable
** is one. */
int thr_guard(lua_State *L);

/* Raises: the value was to be released at the end of a block, and was not held.
** `why` in the words of a release; `name`: what to call such a value. */
int thr_guard_refuse(lua_State *L, const char *why, const char *name);

/* with(fn, ...): calls it with the value at 1, already acquired, as a
** to-be-closed variable; returns what fn returns. */
int thr_guard_with(lua_State *L);

/* _thread._defer(fn, ...): a value that calls fn(...) when it is closed. */
int thr_guard_defer(lua_State *L);
void thr_guard_open(lua_State *L); /* makes its type */

THR_PRIVATE_END

#endif
