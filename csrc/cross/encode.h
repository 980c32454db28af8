/*
** encode: Lua values as a message for another Lua state.
**
** What crosses, and how, is in docs/interpreters.md; the bytes are in layout.h.
** Tables are read raw, and their metatables never asked.
*/
#ifndef THR_ENCODE_H
#define THR_ENCODE_H

#include <lua.h>

#include "cross/encoder.h"
#include "cross/message.h"

THR_PRIVATE_BEGIN

/* The n values from index `first` on, not a negative one; they stay there.
** `what` are their names in errors, between commas; "[]" behind the last one
** says that it is that of a list: "fn,args[]" are fn, args[1], args[2] ...
** Raises: a value cannot cross (which one, where it is, what to use instead);
** want of memory.  Then nothing is left behind. */
thr_message *thr_encode(lua_State *L, int first, int n, const char *what);

/* A function such as thr_encode. */
typedef thr_message *thr_encoding(lua_State *L, int first, int n,
                                  const char *what);

/* The same for a message of a kind of its own: all values in it, and in those,
** are put by `put`, which refuses some and has thr_encode_put put the others.
** Both are given an index that is not negative, and how deep it is. */
typedef void thr_putter(thr_encoder *e, int idx, int depth);
thr_message *thr_encode_by(lua_State *L, int first, int n, const char *what,
                           thr_putter *put);
void thr_encode_put(thr_encoder *e, int idx, int depth);
/* Is the value made anew there, out of parts that are put in its place? */
bool thr_encode_ismade(thr_encoder *e, int idx);

THR_PRIVATE_END

#endif
