/*
** decode: a message as Lua values.
**
** The values of a message can be made many times, in many Lua states.  The
** message must live until then: `require` may run, and other threads.
*/
#ifndef THR_DECODE_H
#define THR_DECODE_H

#include <lua.h>

#include "cross/message.h"

THR_PRIVATE_BEGIN

/* Pushes the values; returns how many.  Raises: a module is missing here, or
** what it should have (which one, and for what); what a module raises when it
** is loaded; want of memory. */
int thr_decode(lua_State *L, const thr_message *m);
/* The same, and frees the message, also where it raises. */
int thr_decode_last(lua_State *L, thr_message *m);

THR_PRIVATE_END

#endif
