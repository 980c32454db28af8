/*
** finish: the end of an interpreter.
**
** Its Lua state is closed by a thread that has made its main record its own for
** this, and that is not inside: its non-daemon threads are waited for, its
** daemons are stopped, and lua_close.
*/
#ifndef THR_FINISH_H
#define THR_FINISH_H

#include <lua.h>

#include "interp/interp.h"

THR_PRIVATE_BEGIN

/* Closes it; one that is closed already stays so.  Raises where a thread is
** inside, and what was asked of the thread meanwhile. */
void thr_finish_close(lua_State *L, thr_interp *i);

/* Closes those of a family that were dropped, and that no thread is in. */
void thr_finish_dropped(lua_State *L, const thr_interp *main);

/* The same for one that has just been made, and is refused a place in the list;
** raises. */
void thr_finish_unlisted(lua_State *L, thr_interp *i);

/* At the end of this runtime, if it is a main one, the threads of the others
** are waited for when its own have ended; and they are closed before its
** daemons are stopped. */
void thr_finish_open(thr_runtime *rt);

THR_PRIVATE_END

#endif
