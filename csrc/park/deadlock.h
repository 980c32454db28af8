/*
** deadlock: finds that no thread is left that could end a wait.
**
** Two cases are certain.  All threads of the group (group.h) wait for ever:
** `awake` counts the others.  A thread that parks counts itself out, and one
** that takes a waiter out of the parking lot counts it in, both under the
** bucket's mutex, so that 0 means that no wake-up is under way either.  Or a
** circle of waits that only the owner can end (RLock, join) leads back to a
** thread that is about to wait.  A circle of plain Locks is not certain, for
** any thread may release one: it is reported under the policy "cycle" only.
**
** A circle may lead through several Lua states, and each wait is published
** under the mutex of its own.  They are asked one after the other, by idents:
** a thread that has entered another state has two records, and waits by one at
** most.  Their waits are numbered, and one that begins while the circle is
** followed is too young to be in it: those that are found began before, and
** have not ended since.  So there was a moment at which all of them lasted; and
** as threads that wait take and free nothing, none of them can end.
**
** It is reported to one thread, whose wait ends with THR_PARK_DEADLOCK: the one
** that has published its wait last.  While a thread ends the process (os.exit
** with close), that is the one: it gives up its wait for the others.
**
** A thread that sleeps, has a deadline, runs C without the global lock, or is
** attached from outside, counts as awake.  So does one that is being started,
** from before its OS thread exists; one that waits for an object that C has
** retained, which C may set or release at any time; and a Lua state that C has
** opened, as if a thread were about to attach.  Nothing of this is on the path
** of an uncontended lock.
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
** it would close a circle.  Where that cannot be reported to the waiter, it is
** to another one of the circle. */
bool thr_deadlock_publish(thr_waiter *w);
void thr_deadlock_unpublish(thr_tstate *ts);

/* May a deadlock be reported to ts? */
bool thr_deadlock_isreportable(const thr_tstate *ts);

/* One that counted as awake does so no longer: a thread has ended, say, and has
** woken the threads that joined it.  Then looks, as thr_deadlock_check does. */
void thr_deadlock_lower(thr_runtime *rt);

/* If all threads of its group wait for ever, reports it to the one that began
** last of those to which it can be reported.  Also to be called when a thread
** has begun to wait to which it cannot. */
void thr_deadlock_check(thr_runtime *rt);

/* *retained, of the object at addr, has become more than 0, or 0: threads that
** wait there count as awake from now on, or no longer. */
void thr_deadlock_recount(const void *addr, const atomic_int *retained);

THR_PRIVATE_END

#endif
