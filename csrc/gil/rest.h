/*
** rest: how long a thread is left alone after its hook was dear to set.
**
** lua_sethook walks the whole stack.  On a deep one that costs more than all
** else in a switch, and a thread from which the global lock is requested again
** and again would do nothing else.  So the cost of a walk is measured, and then
** the thread runs for twenty times as much of its own processor time before the
** next one: with what a walk leaves behind, at most a tenth of its time goes
** into its hooks.  Walks that cannot wait, such as a cancellation's, are
** charged, too, up to THR_MAX_REST.
**
** A walk that is not dear is not charged: on an ordinary stack no thread rests.
**
** Time is the thread's own, not a clock's: it stops while the thread sleeps, or
** waits for the global lock or for a processor.
**
** Called by gil, hook and preempt; cost by module.
*/
#ifndef THR_REST_H
#define THR_REST_H

#include "gil/record.h"

THR_PRIVATE_BEGIN

/* Around a walk, on the thread itself: end(ts, begin(ts)). */
int64_t thr_rest_begin(const thr_tstate *ts);
void thr_rest_end(thr_tstate *ts, int64_t begun);

/* How much longer the thread is to be left alone; 0: no longer.  It is the
** calling one, or is known to live.  On an ordinary stack that is one compare:
** it is asked wherever the global lock is taken. */
int64_t thr_rest_look(thr_tstate *ts, long long until);
static inline int64_t thr_rest_left(thr_tstate *ts) {
  long long until =
      atomic_load_explicit(&ts->rest.until, memory_order_relaxed);
  return until == 0 ? 0 : thr_rest_look(ts, until);
}

/* What the calling thread's dear walks have cost it, in all. */
int64_t thr_rest_cost(const thr_tstate *ts);

THR_PRIVATE_END

#endif
