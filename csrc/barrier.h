/*
** barrier: releases threads in rounds of `parties`.
**
** Each waiter holds a ticket of its round, whose outcome is TRIPPED or
** BROKEN: a reset that overtakes a slow waiter cannot change what its own
** round came to.  While the last arriver runs the action the round is ACTING;
** who comes then waits for the next one.
*/
#ifndef THR_BARRIER_H
#define THR_BARRIER_H

#include "waitlist.h"

THR_PRIVATE_BEGIN

typedef struct {
  thr_waitlist waiters; /* its mutex guards the three below */
  atomic_bool acting;
  uint64_t round; /* how many have ended */
  atomic_bool broken;
  int64_t parties; /* const */
  int64_t timeout; /* const: nanoseconds, where wait() gives none */
  atomic_int refs;
} thr_barrier;

#define THR_BARRIER_MOST (1 << 30)

typedef enum {
  THR_BARRIER_LAST,    /* run the action, then thr_barrier_trip or _abort */
  THR_BARRIER_WAITING, /* thr_barrier_await, as often as disturbed */
  THR_BARRIER_BROKEN
} thr_arrival;

thr_barrier *thr_barrier_new(int64_t parties);
void thr_barrier_unref(thr_barrier *b);

/* THR_PARK_WOKEN: *arrival says what to do, *index how many came before.
** Else the wait for the last round's action has failed. */
thr_wake thr_barrier_arrive(thr_barrier *b, thr_ticket *t, thr_tstate *ts,
                            int64_t deadline, int64_t *index,
                            thr_arrival *arrival);
thr_wake thr_barrier_await(thr_barrier *b, thr_ticket *t, thr_tstate *ts,
                           int64_t deadline);
bool thr_barrier_tripped(const thr_ticket *t); /* or broken */
/* Gives up, which breaks the barrier for all, unless the round has ended. */
void thr_barrier_leave(thr_barrier *b, thr_ticket *t);
/* Completes that round; false: it was broken while the action ran. */
bool thr_barrier_trip(thr_barrier *b, uint64_t round);
/* The action of that round has failed. */
void thr_barrier_fail(thr_barrier *b, uint64_t round);
void thr_barrier_abort(thr_barrier *b);
void thr_barrier_reset(thr_barrier *b);
int thr_barrier_nwaiting(thr_barrier *b);

/* --- the Lua face --- */
struct lua_State;
void thr_barrier_open(struct lua_State *L);
int thr_barrier_create(struct lua_State *L);

THR_PRIVATE_END

#endif
