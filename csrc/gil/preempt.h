/*
** preempt: makes a thread that runs Lua code let go of the global lock.
**
** No hook stands while one thread runs alone.  A waiter sends the holder a
** signal; the handler, on the holder's own thread, arms a count hook on the
** coroutine that is running there; the hook switches.
**
** Our hook lies over the user's: it has the user's mask added, passes the
** user's events on, and goes away leaving the user's hook as it was.  A
** user's count hook is counted down by us, in slices, so that it fires after
** exactly as many instructions as asked (on a thread's base state; where ours
** is lifted from a coroutine that yields, its count begins anew).  What stands
** in tstate.hooked is touched by the thread itself (its handler stays out while
** hooks_busy), or by another thread that holds the global lock.
**
** Called by gil, thread and the faces that replace coroutine.* and debug.*.
*/
#ifndef THR_PREEMPT_H
#define THR_PREEMPT_H

#include "gil/record.h"

THR_PRIVATE_BEGIN

/* Installs the signal handler for the process; 0 or errno. */
int thr_preempt_init(void);

/* Signals `holder`; the caller knows that it lives (first law of gil.h). */
void thr_preempt_request(thr_tstate *holder);

/* Arms the hook of the calling thread, which holds the global lock: to fire
** between any two of the next instructions, or after about so many. */
void thr_preempt_arm(thr_tstate *ts);
void thr_preempt_armafter(thr_tstate *ts, int instructions);

/* The hostile build's arm (see fault.h): wherever a hook might have been
** lifted or never laid. */
void thr_preempt_hurry(thr_tstate *ts);

/* What the handler does, for another handler: a pending bit has been set. */
void thr_preempt_poke(void);

/* Brackets around any change of a hook, of `running` or of hooked[]: the
** handler keeps out, and what it missed is made good at the end. */
void thr_preempt_enter(thr_tstate *ts);
void thr_preempt_leave(thr_tstate *ts);

/* Within the brackets: takes our hook off L, leaving the user's. */
void thr_preempt_lift(thr_tstate *ts, struct lua_State *L);

/* Within the brackets: puts our hook back where it must stand, over a user's
** count hook, and over the main state while its end is watched. */
void thr_preempt_lay(thr_tstate *ts, struct lua_State *L);

/* Within the brackets, in L from now on: puts our hook there, too, if the
** thread has to see at the returns of functions what it is asked for.  A
** coroutine's count hook is left alone, for it would begin anew. */
void thr_preempt_follow(thr_tstate *ts, struct lua_State *L);

/* L, just made, has inherited its creator's hook: if that is ours, replace
** it by the user's. */
void thr_preempt_inherit(thr_tstate *ts, struct lua_State *creator,
                         struct lua_State *L);

/* Has a signal handler set a hook on the main state that has not fired yet?
** Asked by the main thread itself, with or without the global lock. */
bool thr_preempt_signalled(thr_tstate *ts);

/* The hook that stands on the main state now is nobody's signal. */
void thr_preempt_accept(thr_tstate *ts);

/* Such a hook has had its turn, and may have taken ours off. */
void thr_preempt_served(thr_tstate *ts);

/* A handler of Ctrl-C sets its hook on the main state.  If it has done so while
** a coroutine runs on that: moves the hook to L, the coroutine. */
void thr_preempt_fetch(thr_tstate *ts, struct lua_State *L);

/* There are threads now, or none any more: has the main thread lay
** or lift the hook that sees its script return.  Nobody else touches that
** hook: a handler of Ctrl-C sets it on the main thread at any moment.  `self`
** holds the global lock. */
void thr_preempt_watch(thr_tstate *self);

THR_PRIVATE_END

#endif
