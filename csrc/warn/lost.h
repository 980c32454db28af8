/*
** lost: changes of a Value, or of an element of an Array, that are lost because
** a thread stores what it has made of an older number; and compare_exchange in
** the place of a Lock.  Under THREADING_DEBUG.
**
** Told is what has happened: a thread has read the number, another one has
** changed it, and the first stores into it, in the same line of the program,
** and without having read it again.  What might happen is not told, since
** threads may well take turns in some other way.
**
** Guard: what a thread has done last is its own, in thread-local storage.
*/
#ifndef THR_LOST_H
#define THR_LOST_H

#include <lua.h>

#include "park/label.h"

THR_PRIVATE_BEGIN

/* The program has read these bits of the object, or of its element i; it is
** about to store others in their place, where there are these now.  `what` is
** "Value" or "Array". */
void thr_lost_read(lua_State *L, const void *object, size_t i, int64_t bits);
void thr_lost_store(lua_State *L, const void *object, size_t i, int64_t bits,
                    const char *what, const thr_label *label);

/* A compare_exchange of the object has been done, or not. */
void thr_lost_exchange(lua_State *L, const void *object, bool done);

THR_PRIVATE_END

#endif
