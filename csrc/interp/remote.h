/*
** remote: calls that the workers of an InterpreterPoolExecutor make in
** interpreters of their own.
**
** A call is encoded by the thread that asks for it: what cannot cross is told
** there.  It is kept as a message, a future's call in C (see future.h), and
** decoded in the interpreter that makes it; the outcome comes back likewise.
*/
#ifndef THR_REMOTE_H
#define THR_REMOTE_H

#include <lua.h>

#include "cross/encode.h"

THR_PRIVATE_BEGIN

/* --- for farmed, too, whose calls are made in other processes --- */

/* Pushes a future whose call is what is on the stack, fn and its arguments, as
** the message that `encode` makes of it. */
int thr_remote_makefuture(lua_State *L, thr_encoding *encode);
/* The n values on top are the outcome of a call: true, its results; or false,
** an error, its traceback.  Does with it what thr_call_protect wants. */
int thr_remote_deliver(lua_State *L, int n);

/* --- functions of threading._thread --- */

/* _remote_future(fn, ...): a future whose call is for an interpreter */
int thr_remote_future(lua_State *L);
/* _remote_serve(queue, interpreter): makes the calls of such futures there,
** until the queue is shut down and empty */
int thr_remote_serve(lua_State *L);

THR_PRIVATE_END

#endif
