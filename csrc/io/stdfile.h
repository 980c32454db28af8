/*
** stdfile: replaces functions of io, the methods of its files, and print: where
** these would have to wait, the other threads run meanwhile.
**
** What a call finds in the stream's buffer, or leaves there, it finds and
** leaves as always, by Lua's own function; so does a call on a file that lets
** nobody wait.  Lua's own function also raises what there is to be raised.
** A function that the program has put there before stays as it is.
*/
#ifndef THR_STDFILE_H
#define THR_STDFILE_H

#include "os/os.h"

THR_PRIVATE_BEGIN

struct lua_State;
void thr_stdfile_open(struct lua_State *L);

THR_PRIVATE_END

#endif
