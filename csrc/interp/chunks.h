/*
** chunks: the library's Lua files are parsed once in a process: what the parser
** made of them is kept, for the interpreters that require them later.
**
** A file is known by the module's name and by package.path, with which it was
** found; the program that runs has it in one version.
*/
#ifndef THR_CHUNKS_H
#define THR_CHUNKS_H

#include <lua.h>

#include "os/port.h"

THR_PRIVATE_BEGIN

/* From now on the searcher of Lua files finds them there.  Raises for want of
** memory. */
void thr_chunks_open(lua_State *L);

THR_PRIVATE_END

#endif
