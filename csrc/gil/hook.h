/*
** hook: our hook, laid over the user's.
**
** It has the user's mask added, passes the user's events on, and goes away
** leaving the user's hook as it was.  A user's count hook is counted down by
** ours, in slices, so that it fires after exactly as many instructions as asked
** (on a thread's base state; where ours is lifted from a coroutine that yields,
** its count begins anew).
**
** Law: all of this is done within the brackets of preempt.h, or in the signal
** handler, which keeps out of them: by the thread itself, or by another that
** holds the global lock.
**
** Called by ctrlc and preempt; state's attach, coroutine, sethook and start.
*/
#ifndef THR_HOOK_H
#define THR_HOOK_H

#include "gil/record.h"
#include "os/fault.h"

THR_PRIVATE_BEGIN

/* Takes our hook off L, leaving the user's. */
void thr_hook_lift(thr_tstate *ts, struct lua_State *L);

/* Installs on L what is needed while no switch is requested: our hook over a
** user's count hook, or to see returns; else the user's. */
void thr_hook_lay(thr_tstate *ts, struct lua_State *L);

/* In L from now on: puts our hook there, too, if the thread has to see at the
** returns of functions what it is asked for.  A coroutine's count hook is left
** alone, for it would begin anew. */
void thr_hook_follow(thr_tstate *ts, struct lua_State *L);

/* Has our hook fire in the state that runs, after about so many instructions.
** In the signal handler, too. */
void thr_hook_arm(thr_tstate *ts, int count);

/* Is ours on L, and not armed? */
bool thr_hook_isidle(thr_tstate *ts, struct lua_State *L);

/* Is ours on L, not armed, and are these events not for the user? */
bool thr_hook_isquiet(const thr_tstate *ts, struct lua_State *L, int mask);

/* L, just made, has inherited its creator's hook: if that is ours, replaces it
** by the user's. */
void thr_hook_inherit(thr_tstate *ts, struct lua_State *creator,
                      struct lua_State *L);

/* Our hook has fired in L: counts down, and installs what is needed next.
** Returns the user's hook, and in *due whether this event is for it. */
thr_hooked thr_hook_receive(thr_tstate *ts, struct lua_State *L, int event,
                            bool *due);

/* Has a signal handler set a hook on the main thread's base state that has not
** fired yet?  And: the one that is there now is nobody's signal. */
bool thr_hook_issignal(thr_tstate *ts);
void thr_hook_accept(thr_tstate *ts);

/* Does the hostile build preempt without a request? */
static inline bool thr_hook_ishurried(const thr_runtime *rt) {
  return thr_fault_every() > 0 && rt->alive > 0;
}

THR_PRIVATE_END

#endif
