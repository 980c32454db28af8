/*
** call: a function and its arguments, kept until somebody makes the call; then
** what it has returned, or raised.
**
** It is kept in user values of the box at stack index 1, a future's, and
** nothing of the call is kept when it is over.
*/
#ifndef THR_CALL_H
#define THR_CALL_H

#include <lua.h>
#include <stdbool.h>

#include "os/os.h"

THR_PRIVATE_BEGIN

enum {
  THR_CALL_CONTENT = 1, /* {n =, fn, ...}; later the outcome: one value, or a
                           table of them */
  THR_CALL_PACKED,      /* true: the outcome is a table {n =, ...} */
  THR_CALL_TRACEBACK,   /* of an error */
  THR_CALL_USERVALUES = THR_CALL_TRACEBACK
};

/* Replaces all that is on the stack, fn and its arguments, by one value, which
** is to be the content. */
void thr_call_pack(lua_State *L);

/* Pushes what thr_call_make needs.  Once for many calls, for it allocates. */
void thr_call_pushhandler(lua_State *L);
/* Makes the call, and keeps the outcome; false: it is an error.  Raises
** nothing. */
bool thr_call_make(lua_State *L, int handler);
/* The same for a function that has it made elsewhere, and returns the outcome:
** true, and the results; or false, the error, and its traceback or nil. */
bool thr_call_relay(lua_State *L);
/* The same for a C function that makes the call in its own way, with nargs
** arguments on top of it: it returns what thr_call_return does, given the n
** values on top, or raises the error, and sets the traceback itself. */
bool thr_call_protect(lua_State *L, int nargs, int handler);
int thr_call_return(lua_State *L, int n);
/* It is not made: the value on top, which is popped, is the outcome. */
void thr_call_fail(lua_State *L);

/* Pushes the outcome; returns how many values. */
int thr_call_pushoutcome(lua_State *L);

THR_PRIVATE_END

#endif
