/*
** fifo: opening named pipes while other threads run.
**
** Who opens a named pipe for reading waits until somebody opens it for writing,
** and the other way round.  This is waited for aside, with the pipe's end that
** is wanted; then both ends are held, and Lua's own function opens the pipe:
** it has not to wait, nor to care whether the other side has left already.
**
** Where the program may not open the other end, for want of permission, Lua's
** own function may still have to wait, with the global lock, if the other side
** has left at once.
*/
#ifndef THR_FIFO_H
#define THR_FIFO_H

#include <lua.h>

#include "os/port.h"

THR_PRIVATE_BEGIN

/* Replace io.open, io.input, io.output; see replace.h. */
int thr_fifo_open(lua_State *L);
int thr_fifo_input(lua_State *L);
int thr_fifo_output(lua_State *L);
/* Calls what a function has replaced that opens the file at 1 for reading, if
** a name is there: io.lines. */
int thr_fifo_original(lua_State *L);

THR_PRIVATE_END

#endif
