/*
** apart: a call in a copy of this process: what it changes, and whether it
** crashes, is of no concern to this one.
*/
#ifndef THR_APART_H
#define THR_APART_H

#include <lua.h>

#include "os/port.h"

THR_PRIVATE_BEGIN

void thr_apart_open(lua_State *L); /* makes the type of copies */

/* _explore_apart(fn) -> text, code: calls fn there, which returns a string, and
** gives that.  The code is 0; 1 where fn has raised an error, which the text is
** then; else what has ended the copy, 128 and more if it was a signal.  Raises
** where the system refuses. */
int thr_apart_call(lua_State *L);

THR_PRIVATE_END

#endif
