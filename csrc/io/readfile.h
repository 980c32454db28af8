/*
** readfile: reading Lua's files, the functions.
*/
#ifndef THR_READFILE_H
#define THR_READFILE_H

#include <lua.h>

#include "io/reader.h"

THR_PRIVATE_BEGIN

int thr_readfile_read(lua_State *L);  /* _read(file, ...) */
int thr_readfile_lines(lua_State *L); /* _lines(file, ...) */

/* Of a file, which is at 1: pushes what the format behind it asks for, or a
** line, if the stream's buffer has it. */
bool thr_readfile_take(lua_State *L, FILE *f);

/* What Lua's own functions do, with a file that may let its reader wait, whose
** reader is given: file:read, with the file at 1; io.read, with the default
** input put there (`inserted`). */
int thr_readfile_standard(lua_State *L, thr_reader *r, bool inserted);
/* The iterator at idx, which Lua's own `lines` has made: ours takes its place,
** if its file may let its reader wait. */
void thr_readfile_replaceiterator(lua_State *L, int idx);

void thr_readfile_open(lua_State *L);

THR_PRIVATE_END

#endif
