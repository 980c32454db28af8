/*
** program: popen and execute, waiting while the global lock is let go.
**
** What popen returns is a file of Lua's, and works wherever one does; its
** methods that wait (read, lines, close) are led to ours, as is whatever closes
** a file, for the threads that wait for its descriptor.
**
** Laws
** - A program is reaped once.  Where the wait for its end is given up, it is
**   disowned.
** - A finaliser does not wait.
*/
#ifndef THR_PROGRAM_H
#define THR_PROGRAM_H

#include <lua.h>

#include "os/os.h"

THR_PRIVATE_BEGIN

int thr_program_popen(lua_State *L);   /* _popen(cmd [, mode]) */
int thr_program_execute(lua_State *L); /* _execute([cmd]) */

void thr_program_open(lua_State *L);

THR_PRIVATE_END

#endif
