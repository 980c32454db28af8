/*
** locklike: an object of the program's, or a Semaphore, that a Condition uses
** as its lock: whatever has the methods acquire and release.
**
** Its owner is not known.  As Python does, a Condition asks its method
** `_is_owned`, if there is one; else what can be taken was not held.
*/
#ifndef THR_LOCKLIKE_H
#define THR_LOCKLIKE_H

#include <lua.h>
#include <stdbool.h>

#include "os/os.h"

THR_PRIVATE_BEGIN

/* Is that table meant to be one, and not one of options? */
bool thr_locklike_ismeant(lua_State *L, int arg);
void thr_locklike_check(lua_State *L, int arg);
/* Pushes the lock's method `_is_owned`, or nil. */
void thr_locklike_pushisowned(lua_State *L, int lock);
/* [lock, its _is_owned or nil] -> []: does the caller own the lock?  Raises
** what the lock raises. */
bool thr_locklike_isowned(lua_State *L);

THR_PRIVATE_END

#endif
