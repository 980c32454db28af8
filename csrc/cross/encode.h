/*
** encode: Lua values as a message for another Lua state.
**
** What crosses, and how, is in docs/interpreters.md; the bytes are in layout.h.
** Tables are read raw, and their metatables never asked.
*/
#ifndef THR_ENCODE_H
#define THR_ENCODE_H

#include <lua.h>

#include "cross/message.h"

THR_PRIVATE_BEGIN

/* The n values from index `first` on, not a negative one; they stay there.
** `what` are their names in errors, between commas; "[]" behind the last one
** says that it is that of a list: "fn,args[]" are fn, args[1], args[2] ...
** Raises: a value cannot cross (which one, where it is, what to use instead);
** want of memory.  Then nothing is left behind. */
thr_message *thr_encode(lua_State *L, int first, int n, const char *what);

THR_PRIVATE_END

#endif
