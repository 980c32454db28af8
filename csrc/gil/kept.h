/*
** kept: a thread that keeps the global lock for long in one C function, while
** others wait for it.
**
** Laws, where it is watched (thr_gil.watched)
** - The thread makes a step at each call and each return of a function, seen by
**   its hook.  A waiter that looks remembers in which step the holder is.  If
**   it is in the same one THR_KEPT later, in the same turn, and has computed or
**   slept in the system meanwhile, it keeps the lock; that is noted with the
**   step.
** - The thread sees it when it makes the next step.  If that is the return of a
**   C function, the function has been called in the step before: it has kept
**   the lock, and nothing else.  Lua code makes no such step: where its hooks
**   are off, as in a finaliser, or where it is left alone for a while
**   (rest.h), the next step is another one.
** - A thread that was not let run by the system keeps nothing.
*/
#ifndef THR_KEPT_H
#define THR_KEPT_H

#include "gil/record.h"

THR_PRIVATE_BEGIN

/* A waiter looks, under gil->m; returns when it is to look again. */
int64_t thr_kept_look(thr_gil *gil, int64_t now);

/* The thread itself makes a step.  True: it has kept the lock in the last one;
** what is noted of that. */
static inline bool thr_kept_step(thr_tstate *ts) {
  unsigned long long n =
      atomic_load_explicit(&ts->kept.steps, memory_order_relaxed);
  atomic_store_explicit(&ts->kept.steps, n + 1, memory_order_relaxed);
  /* relaxed: a note that comes too late is of a step that is over */
  return atomic_load_explicit(&ts->kept.at, memory_order_relaxed) == n;
}

typedef struct {
  int64_t length;
  int waiting;
} thr_kept_note;

thr_kept_note thr_kept_take(thr_tstate *ts);

THR_PRIVATE_END

#endif
