/*
** await: waiting for a socket's descriptor.
**
** Laws
** - A thread is noted in the channel's `uses` from before it has read the
**   number of the descriptor until it has the global lock again; and goes on
**   only where the channel is not `closing`.
** - A thread that takes the descriptor away makes it `closing`, wakes the
**   threads in `uses` again and again, and waits until there are none but
**   itself.
*/
#ifndef THR_AWAIT_H
#define THR_AWAIT_H

#include "socket/channel.h"

THR_PRIVATE_BEGIN

/* What is done with the descriptor without the global lock; false: that would
** have to wait. */
typedef bool (*thr_action)(void *arg, int fd);

/* Waits until the action (NULL: none) succeeds, or the descriptor is ready for
** THR_IN or THR_OUT.  NULL, "timeout" or "closed".  To be called in what
** thr_await_call calls: an error may come out of it. */
const char *thr_await(thr_call *c, unsigned wanted, thr_action action,
                      void *arg);

/* Calls `body` with the arguments, and the call as a light userdata behind
** them; returns how many results there are, on top of the stack. */
int thr_await_call(thr_call *c, lua_CFunction body);
/* The same where the call has its turn, and ends that. */
int thr_await_run(thr_call *c, thr_turn turn, lua_CFunction body);

int thr_await_socket(lua_State *L); /* _await_socket(socket, mode, began) */

THR_PRIVATE_END

#endif
