/*
** condition: wait until notified, over a Lock, an RLock, or any object with
** acquire and release.
**
** A waiter takes its ticket before it releases the lock, so that no notify
** comes between.  The row of tickets is native; which lock it is, the face
** knows.
*/
#ifndef THR_CONDITION_H
#define THR_CONDITION_H

#include "lock.h"
#include "waitlist.h"

THR_PRIVATE_BEGIN

typedef struct {
  thr_waitlist waiters;
  thr_lock *lock; /* const: referenced; NULL: a Lua object */
  atomic_int refs;
} thr_condition;

thr_condition *thr_condition_new(thr_lock *lock);
void thr_condition_unref(thr_condition *c);
void thr_condition_notify(thr_condition *c, int64_t n);

/* A wait is: enter, release the lock, await as often as disturbed, leave
** (which passes a notification on that came too late), regain the lock. */
void thr_condition_enter(thr_condition *c, thr_ticket *t);
thr_wake thr_condition_await(thr_condition *c, thr_ticket *t, thr_tstate *ts,
                             int64_t deadline);
void thr_condition_leave(thr_condition *c, thr_ticket *t);

/* --- the Lua face --- */
struct lua_State;
void thr_condition_open(struct lua_State *L);
int thr_condition_create(struct lua_State *L);

THR_PRIVATE_END

#endif
