/*
** future: a call that somebody else makes, and its outcome.
**
** Guarded by the global lock, as the queue is: a change of state is atomic.
** The call (a function and its arguments) and later the outcome stand in the
** box's user value, so that nothing of the call is kept when it is over.
*/
#ifndef THR_FUTURE_H
#define THR_FUTURE_H

#include "park.h"

THR_PRIVATE_BEGIN

typedef enum {
  THR_FUTURE_PENDING,
  THR_FUTURE_RUNNING,
  THR_FUTURE_CANCELLED, /* from here on it is done */
  THR_FUTURE_FAILED,
  THR_FUTURE_RETURNED
} thr_futurestate;

typedef struct {
  thr_futurestate state; /* gil */
  bool awaited;          /* gil: somebody may be parked here */
} thr_future;

thr_future *thr_future_new(void);
static inline bool thr_future_isdone(const thr_future *f) {
  return f->state >= THR_FUTURE_CANCELLED;
}
/* Waits until it is done. */
thr_wake thr_future_wait(thr_future *f, thr_tstate *ts, int64_t deadline);
/* It is done; tells who waits. */
void thr_future_settle(thr_future *f, thr_futurestate state);

/* --- the Lua face --- */
struct lua_State;
void thr_future_open(struct lua_State *L);
int thr_future_create(struct lua_State *L); /* _future(fn, ...) */
int thr_future_is(struct lua_State *L);     /* _is_future(value) */

THR_PRIVATE_END

#endif
