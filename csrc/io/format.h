/*
** format: what a format of `read` takes out of a file, as Lua's manual has it.
*/
#ifndef THR_FORMAT_H
#define THR_FORMAT_H

#include "io/reader.h"

THR_PRIVATE_BEGIN

bool thr_format_is(lua_State *L, int arg);
/* The first argument from `first` on that is none, or 0. */
int thr_format_firstbad(lua_State *L, int first);
/* Raises unless all arguments from first on are formats. */
void thr_format_check(lua_State *L, int first);

/* Reads by the format at arg, and pushes what that gives.  False: it gives
** nothing, and Lua's own read returns nil for it. */
bool thr_format_read(thr_reading *c, int arg);
/* Likewise, a line, without its end if that is to be chopped off. */
bool thr_format_readline(thr_reading *c, bool chop);

THR_PRIVATE_END

#endif
