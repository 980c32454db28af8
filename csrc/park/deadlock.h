/*
** deadlock: sees that nobody is left who could end a wait.
**
** Two cases are certain.  All threads of the Lua state wait for ever: `awake`
** counts the others; who parks counts itself out and who takes a waiter out
** of the parking lot counts it in, both under the bucket's mutex, so that 0
** means that no wake-up is under way either.  Or a circle of waits that only
** the owner can end (RLock, join) leads back to who is about to wait; it is
** looked for under the runtime's mutex, where each thread has published its
** wait.  A circle of plain Locks is not certain, for any thread may release
** one: it is reported under the policy "cycle" only.
**
** While a thread ends the process (os.exit with close), nobody else is told: it
** gives up its wait for the others.
**
** A thread that sleeps, has a deadline, runs C without the global lock, or is
** attached from outside, counts as awake.  So does one that waits for an object
** that C has retained, which C may set or release at any time; and a Lua state
** that C has opened, as if a thread were about to attach.  Nothing of this is
** on the path of an uncontended lock.
*/
#ifndef THR_DEADLOCK_H
#define THR_DEADLOCK_H

#include "park/lot.h"

THR_PRIVATE_BEGIN

typedef enum {
  THR_DEADLOCK_CERTAIN,
  THR_DEADLOCK_CYCLE,
  THR_DEADLOCK_OFF
} thr_deadlock_policy;

/* Publishes the wait that is about to begin.  False, and nothing published:
** it would close a circle.  Where the waiter cannot be told, another one of
** the circle is. */
bool thr_deadlock_publish(thr_waiter *w);
void thr_deadlock_unpublish(thr_tstate *ts);

/* May a deadlock that ts closes be told to it? */
bool thr_deadlock_tellable(const thr_tstate *ts);

/* One that counted as awake does so no longer: a thread has ended, say, and
** woken all who joined it.  If all others wait for
** ever, the one that began to wait last is told. */
void thr_deadlock_ended(thr_runtime *rt);

/* The same where a thread has begun to wait that cannot be told. */
void thr_deadlock_tell(thr_runtime *rt);

/* *retained, of the object at addr, has become more than 0, or 0: threads that
** wait there count as awake from now on, or no longer. */
void thr_deadlock_recount(const void *addr, const atomic_int *retained);

THR_PRIVATE_END

#endif
