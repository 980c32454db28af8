/*
** readfile: reading Lua's files, the functions.
*/
#ifndef THR_READFILE_H
#define THR_READFILE_H

#include <lua.h>

#include "os/os.h"

THR_PRIVATE_BEGIN

int thr_readfile_read(lua_State *L);  /* _read(file, ...) */
int thr_readfile_lines(lua_State *L); /* _lines(file, ...) */

void thr_readfile_open(lua_State *L);

THR_PRIVATE_END

#endif
