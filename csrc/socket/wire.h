/*
** wire: what the other end of a stream gives, and takes, in steps.
**
** A connection that LuaSocket has made, of TCP or with a path, is received from
** and sent to by its descriptor, without the global lock.  Any other object, of
** LuaSec say, does so itself, a part at a time and never waiting; what it says
** in the place of "timeout" is waited for here.  Which of both is the case, the
** object's metatable tells: LuaSocket's has the name "tcp{client}" or
** "unixstream{client}".
*/
#ifndef THR_WIRE_H
#define THR_WIRE_H

#include "socket/await.h"

THR_PRIVATE_BEGIN

/* A call that receives or sends. */
typedef struct {
  thr_call call; /* first: thr_await_run hands it on */
  bool line;     /* the end of a line is enough, too */
  bool moved;    /* something, in the latest step */
  bool ended;    /* nothing more comes: the peer has closed, or it was closed
                    before the call; not where it was reset, or another thread
                    closes it meanwhile */
} thr_wire;

/* Looks what is to be used for the socket at 1, for a new call; raises where
** that is no connection. */
void thr_wire_choose(thr_wire *w);

/* Receives, if it comes to that, until the inbox has so many bytes; it may be
** less.  False, with a message on the stack: the call ends. */
bool thr_wire_receive(thr_wire *w, size_t wanted);

/* Sends n bytes of the text at 2, those after the first `from`; counts in *sent
** how many it has.  False, with a message on the stack: they are fewer. */
bool thr_wire_send(thr_wire *w, size_t from, size_t n, size_t *sent);

THR_PRIVATE_END

#endif
