/*
** enter: a thread of one interpreter runs code in another one.
**
** It lets go of the global lock that it has, takes the other one, calls, and
** comes back.  It stays attached there, but outside (see state/attach.h), so
** that it need not be made known again the next time.
**
** Laws
** - A thread holds one global lock at most.
** - Its two records have the same ident and name.  While it is inside, the
**   outer one waits, and what is asked of it is asked of the inner one; what
**   that has not met comes back with it.
** - C calls are counted over all the interpreters that a thread is in, for they
**   nest on one C stack.
** - A thread does not enter where it is already: below it a call is under way
**   that would not end before this one.
*/
#ifndef THR_ENTER_H
#define THR_ENTER_H

#include <lua.h>

#include "cross/message.h"
#include "interp/interp.h"

THR_PRIVATE_BEGIN

/* How a visit to another interpreter has ended. */
typedef enum {
  THR_VISIT_NOMEMORY, /* not even for the outcome */
  THR_VISIT_DONE,     /* with an outcome */
  THR_VISIT_ASKED,    /* what was asked of the thread was raised, and not
                         caught; or it was asked before it began */
  THR_VISIT_EXITED,   /* so was threading.exit */
  THR_VISIT_TOODEEP,  /* it has not begun: C calls are nested too deeply, */
  THR_VISIT_CLOSED,   /* the interpreter is closed, */
  THR_VISIT_INSIDE,   /* the thread is there already, */
  THR_VISIT_NOTOWN    /* or it is in another thread's Lua state, see whose.h */
} thr_visit;

/* Calls body there, protected, with what the message says on its stack; or, for
** NULL, the function that the message says, with the arguments behind it.  An
** outcome, which the caller frees, is: true, and what body has returned; or
** false, the error, and its traceback, nil where there is none.  Raises nothing
** for a thread that has a record. */
thr_visit thr_enter(lua_State *L, thr_interp *i, lua_CFunction body,
                    const thr_message *message, thr_message **outcome);

/* Raises what another end than DONE means here. */
void thr_enter_raise(lua_State *L, const thr_interp *i, thr_visit ended);

/* The same for such a call; raises.  Returns the outcome. */
thr_message *thr_enter_call(lua_State *L, thr_interp *i,
                            const thr_message *message);

THR_PRIVATE_END

#endif
