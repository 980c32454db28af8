/*
** program: popen and execute, waiting while the global lock is let go.
**
** What popen returns is a file of Lua's, and works wherever one does.
**
** Laws
** - A program is reaped once.  Where the wait for its end is given up, it is
**   disowned.
** - A finaliser does not wait.
*/
#ifndef THR_PROGRAM_H
#define THR_PROGRAM_H

#include <lauxlib.h>
#include <lua.h>

#include "os/os.h"

THR_PRIVATE_BEGIN

int thr_program_popen(lua_State *L);   /* _popen(cmd [, mode]) */
int thr_program_execute(lua_State *L); /* _execute([cmd]) */

/* What Lua's own functions do.  As with those, while the main thread waits for
** the end of a command, Ctrl-C is meant for that.  execute is given one.  They
** are called in the frames of what replaces Lua's. */
int thr_program_standardpopen(lua_State *L);
int thr_program_standardexecute(lua_State *L);

/* The file, which popen may have made, is collected. */
void thr_program_neverwait(luaL_Stream *file);

THR_PRIVATE_END

#endif
