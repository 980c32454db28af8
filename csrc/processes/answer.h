/*
** answer: what a worker process does: it makes the calls that come over its
** link, one after another, and sends back what they have returned, or raised.
*/
#ifndef THR_ANSWER_H
#define THR_ANSWER_H

#include <lua.h>

#include "cross/message.h"

THR_PRIVATE_BEGIN

/* Functions of threading._thread. */

/* _answer() -> makes the calls that come by descriptor THR_CHILD_FD, until the
** other end has no more.  When that is closed, the process ends, whatever it
** does then.  An outcome is: true, results; or false, an error, its
** traceback. */
int thr_answer_calls(lua_State *L);

THR_PRIVATE_END

#endif
