/*
** rest: how long a thread is left alone after its hook was dear to set.
**
** lua_sethook walks the whole stack.  Where that is deep the walk costs more
** than the rest of a switch, and a thread that was asked for the global lock
** again and again would do nothing else.  So what a walk has cost is measured,
** and ten times as much of its own processor time the thread then runs before
** the next one: a tenth of its time, at most, goes into its hooks.
**
** A walk that is not dear is not charged: on an ordinary stack nothing rests.
**
** Time is the thread's own, not that of a clock: it stands still while the
** thread sleeps, waits for the global lock or for a processor.
**
** Called by preempt and gil.
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
