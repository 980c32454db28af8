/*
** classes: the identities of metatables that cross with their message.
**
** A class gets a number that no other class has, of this process or of one to
** which its messages go, when it crosses first.  By that it stays one and the
** same table in each Lua state that it came to, for as long as that has it.
*/
#ifndef THR_CLASSES_H
#define THR_CLASSES_H

#include <lua.h>

#include "os/os.h"

THR_PRIVATE_BEGIN

/* Pushes the table: class -> identity.  False, and nothing is pushed: there is
** none yet. */
bool thr_classes_pushids(lua_State *L);
/* The identity of the table at idx; 0: it is no class. */
uint64_t thr_classes_id(lua_State *L, int idx);
/* Pushes the class with this identity; false, and nothing is pushed: it is not
** in this state. */
bool thr_classes_push(lua_State *L, uint64_t id);
/* The table at idx is a class, of this identity; 0: of a new one.  Raises for
** want of memory. */
uint64_t thr_classes_add(lua_State *L, int idx, uint64_t id);

THR_PRIVATE_END

#endif
