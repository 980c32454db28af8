/*
** failure: an error and its traceback, on their way from where a call is made
** to who has asked for it.
*/
#ifndef THR_FAILURE_H
#define THR_FAILURE_H

#include <lua.h>

#include "cross/encode.h"

THR_PRIVATE_BEGIN

/* A message handler: of the error and its traceback it makes one value.  What
** ends the thread stays as it is. */
int thr_failure_handler(lua_State *L);

/* What is told of the error on top, which is popped: false, the error, and its
** traceback, nil where there is none; as the message that `encode` makes of it.
** An error object that cannot cross is told by its text. */
thr_message *thr_failure_encode(lua_State *L, thr_encoding *encode);

/* An error and its traceback, as they were told, are on top of the stack: puts
** the error's text in front of the traceback, if there is one, as in the
** traceback of a call that is made here. */
void thr_failure_completetraceback(lua_State *L);

THR_PRIVATE_END

#endif
