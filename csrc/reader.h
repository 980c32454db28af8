/*
** reader: reads Lua's files while the global lock is let go.
**
** A file that may let its reader wait (a pipe, a terminal, a socket) is read
** byte by byte out of what its stream has buffered; where that is empty, the
** thread waits for the descriptor in park, and only then has the stream read
** on, which does not block any more.
**
** Laws
** - What a call has taken out of the stream is held in the file's reader until
**   the call returns it.  A call that ends with an error gives all back, a
**   call that returns gives back what it did not need: to the stream, as far
**   as that takes it; the rest is read first by the next call.
** - One call at a time reads a file; others wait for their turn.
** - After each wait the file may be closed, and its stream freed.
*/
#ifndef THR_READER_H
#define THR_READER_H

#include <lua.h>

#include "os.h"

THR_PRIVATE_BEGIN

int thr_reader_read(lua_State *L);  /* _read(file, ...) */
int thr_reader_lines(lua_State *L); /* _lines(file, ...) */

void thr_reader_open(lua_State *L);

THR_PRIVATE_END

#endif
