/*
** preempt: makes a thread that runs Lua code let go of the global lock.
**
** No hook is installed while one thread runs alone.  A waiter sends the holder
** a signal; the handler, on the holder's own thread, arms a count hook (hook.h)
** on the coroutine that runs there; the hook switches.
**
** Called by ctrlc and gil; park's thread; bind's pending and shield; state's
** attach, coroutine, dump, open, sethook and start.
*/
#ifndef THR_PREEMPT_H
#define THR_PREEMPT_H

#include "gil/hook.h"

THR_PRIVATE_BEGIN

/* Installs the signal handler for the process; 0 or errno. */
int thr_preempt_init(void);

/* What our hook does, the runtime's on_hook. */
void thr_preempt_onhook(struct lua_State *L, struct lua_Debug *ar);

/* Signals `holder`; the caller knows that it lives (first law of gil.h). */
void thr_preempt_request(thr_tstate *holder);

/* Arms the hook of the calling thread, which holds the global lock: to fire
** between any two of the next instructions, or after about so many. */
void thr_preempt_arm(thr_tstate *ts);
void thr_preempt_armafter(thr_tstate *ts, int instructions);

/* In the hostile build (see fault.h) arms it, wherever a hook may have been
** lifted, or never laid. */
static inline void thr_preempt_hurry(thr_tstate *ts) {
  if (thr_hook_ishurried(ts->rt)) thr_preempt_arm(ts);
}

/* What the signal handler does, for another handler, which has set a bit of
** asked.pending. */
void thr_preempt_poke(void);

/* Brackets around any change of a hook, of the running state or of a hook's
** record: the signal handler keeps out, and what it missed is done at the
** end. */
void thr_preempt_enter(thr_tstate *ts);
void thr_preempt_leave(thr_tstate *ts);

THR_PRIVATE_END

#endif
