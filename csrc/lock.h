/*
** lock: a mutual exclusion lock that any thread may release.
**
** The word has two bits, LOCKED and PARKED.  Legal to be PARKED and free
** (waiters are on their way); illegal to have waiters in the parking lot for
** long without PARKED.  The uncontended paths are one compare-and-swap.  A
** waiter that has waited for a millisecond is handed the lock by the next
** release; before that, whoever comes first gets it.
**
** Usable with and without the global lock.
*/
#ifndef THR_LOCK_H
#define THR_LOCK_H

#include "park.h"

THR_PRIVATE_BEGIN

#define THR_LOCKED 1u
#define THR_PARKED 2u

typedef struct {
  atomic_uint word;
  atomic_ullong owner; /* ident of who acquired it; for the eye and Condition */
  atomic_int refs;
} thr_lock;

thr_lock *thr_lock_new(void);
void thr_lock_unref(thr_lock *l);

static inline bool thr_lock_try(thr_lock *l, const thr_tstate *ts) {
  unsigned w = 0;
  if (!atomic_compare_exchange_strong_explicit(&l->word, &w, THR_LOCKED,
                                               memory_order_acquire,
                                               memory_order_relaxed)) {
    do /* free, with waiters on their way: barging is allowed */
      if (w & THR_LOCKED) return false;
    while (!atomic_compare_exchange_weak_explicit(&l->word, &w,
                                                  w | THR_LOCKED,
                                                  memory_order_acquire,
                                                  memory_order_relaxed));
  }
  atomic_store_explicit(&l->owner, ts->ident, memory_order_relaxed);
  return true;
}

/* Waits until the deadline.  THR_PARK_WOKEN: acquired. */
thr_wake thr_lock_wait(thr_lock *l, thr_tstate *ts, int64_t deadline);

/* Returns false where the lock was free. */
bool thr_lock_release(thr_lock *l);

static inline bool thr_lock_locked(thr_lock *l) {
  return (atomic_load_explicit(&l->word, memory_order_relaxed) & THR_LOCKED);
}

/* --- the Lua face --- */
struct lua_State;
void thr_lock_open(struct lua_State *L); /* makes the type */
int thr_lock_create(struct lua_State *L);
thr_lock *thr_lock_test(struct lua_State *L, int arg); /* or NULL */

THR_PRIVATE_END

#endif
