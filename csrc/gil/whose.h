/*
** whose: does a thread run in a Lua state of its own?
**
** A C library may keep a lua_State and call back on it from another thread
** than the one that runs there: an event loop that was loaded in one thread
** and is run by another.  The call is on top of a stack that its owner goes on
** with as soon as it has the global lock.  So the lock must not be released
** before the call has ended.
**
** Law: a thread that releases the lock in the middle of a call of Lua's has
** looked here before, and keeps the lock where the state is another's.  `at`
** says where the thread is: each way from Lua into the library sets it.
**
** Another's are: the state that another living thread runs on, the coroutines
** that coroutine.resume runs there, and the one in which the thread was when it
** released the lock; for a coroutine that is run by C, or by a resume that was
** not replaced, has no other record.  All that a thread resumes on top of
** another's state counts as another's, too (`host`).
**
** What an explorer asks of Lua at a point counts as another's, too: another
** thread that went on meanwhile would be outside of the schedule.
**
** So does what `atomic` has called: no other thread is to run.
**
** Called, with the lock, by park; bind's pending and self; io's prompt; capi's
** nogil; state's attach, coroutine and finale.
*/
#ifndef THR_WHOSE_H
#define THR_WHOSE_H

#include "gil/record.h"

THR_PRIVATE_BEGIN

static inline void thr_whose_at(thr_tstate *ts, struct lua_State *L) {
  atomic_store_explicit(&ts->lua.at, L, memory_order_relaxed);
}

#define THR_WHOSE_ASKED UINT64_MAX /* no ident: see explore */
#define THR_WHOSE_ATOMIC (UINT64_MAX - 1) /* nor is this: see atomic */

/* The ident of the thread in whose state ts is; 0: in its own. */
uint64_t thr_whose(thr_tstate *ts);

static inline bool thr_whose_isown(thr_tstate *ts) {
  struct lua_State *L = atomic_load_explicit(&ts->lua.at, memory_order_relaxed);
  return (L == ts->lua.running && ts->lua.host == 0) || thr_whose(ts) == 0;
}

THR_PRIVATE_END

#endif
