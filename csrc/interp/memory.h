/*
** memory: an interpreter's Lua state, with memory of its own.
**
** Small blocks are cut from chunks, and go to a list of their size when they
** are freed: who holds the state's global lock is alone there, so that this
** takes a fraction of what malloc takes, which has all threads in mind.  Large
** blocks are malloc's.
**
** Law: a chunk is kept until the Lua state is closed; what was freed in it is
** used again for blocks of the same size.
*/
#ifndef THR_MEMORY_H
#define THR_MEMORY_H

#include <lua.h>

#include "os/port.h"

THR_PRIVATE_BEGIN

/* As luaL_newstate.  NULL: no memory. */
lua_State *thr_memory_newstate(void);
/* lua_close, of such a state. */
void thr_memory_close(lua_State *L);

THR_PRIVATE_END

#endif
