/*
** doze: a thread that holds the global lock, and sleeps in the system.
**
** Other people's C code may sleep while it holds the lock.  A signal would end
** that sleep: sleep, nanosleep, poll and select give up when a handler has run,
** whatever SA_RESTART says.  And it would be of no use, for the hook fires only
** when the thread is back in Lua.  So a holder that is found asleep is not
** signalled.
**
** It is marked instead.  From the next time on that its hooks are set, there is
** also one for the returns of functions, in which it sees `drop` when its sleep
** is over (preempt.c); the main state has such a hook anyway.  Until then a
** waiter has to find it awake.  A thread that is found in one sleep after the
** other is signalled all the same, or it might never be.
**
** Called by gil, under its mutex.
*/
#ifndef THR_DOZE_H
#define THR_DOZE_H

#include "gil/record.h"

THR_PRIVATE_BEGIN

/* What one waiter has seen. */
typedef struct {
  thr_activity state; /* at the last look */
  int64_t used;    /* how much processor time the holder had had then */
  int sleeps;      /* in how many sleeps it was found */
} thr_sight;

/* What does this thread do, which holds the lock?  THR_RUNS: it may be
** signalled.  Of a thread that does not sleep nobody knows whether it is just
** coming out of a sleep, or about to begin the next one: one that has slept
** before is THR_WAITS at first; it is looked at again, soon, and may be
** signalled when it has computed in between. */
thr_activity thr_doze_look(thr_tstate *holder, thr_sight *seen);

THR_PRIVATE_END

#endif
