/*
** failure: an error and its traceback, on their way from where a call is made
** to who has asked for it.
*/
#ifndef THR_FAILURE_H
#define THR_FAILURE_H

#include <lua.h>

#include "os/port.h"

THR_PRIVATE_BEGIN

/* A message handler: of the error and its traceback it makes one value.  What
** ends the thread stays as it is. */
int thr_failure_handler(lua_State *L);

/* Replaces the error on top by what is told of it: false, the error, and its
** traceback, nil where there is none. */
void thr_failure_push(lua_State *L);

/* An error and its traceback, as they were told, are on top of the stack: puts
** the error's text in front of the traceback, if there is one, as in the
** traceback of a call that is made here. */
void thr_failure_completetraceback(lua_State *L);

THR_PRIVATE_END

#endif
