/*
** file: reading Lua's files, the functions.
*/
#ifndef THR_FILE_H
#define THR_FILE_H

#include <lua.h>

#include "os.h"

THR_PRIVATE_BEGIN

int thr_file_read(lua_State *L);  /* _read(file, ...) */
int thr_file_lines(lua_State *L); /* _lines(file, ...) */

void thr_file_open(lua_State *L);

THR_PRIVATE_END

#endif
