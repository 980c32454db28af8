/*
** gil: the global lock of one Lua state.  The thread that holds it may touch
** Lua.
**
** Laws
** - `holder` is set by the thread that takes the lock, and cleared before that
**   releases it.  So a waiter (while there is one, QUEUED is set) that reads a
**   holder under the mutex may signal it: that thread cannot release the lock,
**   let alone end, before the mutex is free again.
** - A waiter is due at its arrival plus its patience; the queue is sorted by
**   that, so that none starves: a thread that comes back from a sleep or from
**   I/O is due at once (it is "immediate"), one that was itself preempted an
**   interval later.
** - A waiter that is due requests the lock: it sets `drop`, and signals the
**   holder, again every interval.  Of the immediate ones the first does so,
**   and one that finds `drop` unset.
** - A holder that finds `drop` set hands the lock over.  One that releases it
**   unrequested only wakes the first waiter, and may take the lock again
**   before that.
** - A holder that wakes a parked thread does not post it, for it would only
**   sleep again: it invites it, that is, puts it into the queue, and requests
**   the lock from itself after some thousands of instructions.  Only the
**   release of the lock posts an invited thread.
** - While the first of the queue is such a sleeper, nobody makes its request:
**   the thread that takes the lock before it requests it from itself, too.
** - So do, after a short turn, those that take the lock while an immediate
**   waiter is behind others that are due.
** - Of a holder whose hook is too dear just now (rest.h) the lock is not
**   requested, not even by itself: the thread that waits for it is awake, and
**   makes its request when that is over.
** - A holder that sleeps in the system is not signalled (doze.h): it sees
**   `drop` when it is back in Lua, or is signalled later.
** - The patience of THR_STREAM is too long for a hook, which slows down what
**   runs: a thread that is invited with it is posted, and keeps the time
**   itself.
** - A preempted thread that gets the lock back when another has gone to wait
**   for a descriptor yields its processor, soon and once; not the lock.
** - A token of a semaphore means no more than "look again": there may be stray
**   ones, of a lock that was taken before its post came.
**
** Called by park and its thread; bind's self and pending; state's attach,
** finale, fork and open; io's prompt; kernel; capi's nogil; module.
*/
#ifndef THR_GIL_H
#define THR_GIL_H

#include "gil/doze.h"
#include "gil/record.h"
#include "os/tuning.h"

THR_PRIVATE_BEGIN

typedef struct thr_gilwaiter { /* on the waiter's stack; guard: gil->m */
  thr_tstate *ts;
  int64_t due;
  bool granted;   /* the lock has been handed to it */
  bool posted;    /* it is awake, or will be */
  bool asleep;    /* invited, and not posted yet */
  bool immediate; /* due at once */
  bool preempted; /* due an interval after it handed the lock over */
  int requests;   /* how many it has made, up to THR_REQUEST_DOUBLINGS */
  thr_sight seen; /* of the holder */
  struct thr_gilwaiter *next, *prev;
} thr_gilwaiter;

void thr_gil_take(thr_tstate *ts, int64_t patience);
/* Returns the processor on which the thread that it wakes ran last, or -1. */
int thr_gil_release(thr_tstate *ts);

/* Queues up for `ts`, which sleeps; `self` holds the lock.  `ts` calls
** thr_gil_accept when it wakes.  True: the caller is to post it now. */
bool thr_gil_invite(thr_tstate *self, thr_tstate *ts, thr_gilwaiter *w,
                    int64_t patience);
void thr_gil_accept(thr_gilwaiter *w);

/* Lets another thread have the lock if it has been requested.  The caller holds
** it before and after. */
void thr_gil_yield(thr_tstate *ts);

/* The holder's record is about to be freed, and the lock is held for ever: a
** waiter must not signal it any more. */
void thr_gil_abandon(thr_gil *gil);

/* fork: between the two the queue does not change.  In the child no thread
** waits, and the lock is held if ts held it. */
void thr_gil_beforefork(thr_gil *gil);
void thr_gil_afterfork(thr_tstate *ts, bool in_child);

int64_t thr_gil_interval(thr_gil *gil);
void thr_gil_setinterval(thr_gil *gil, int64_t ns);
unsigned long long thr_gil_switches(thr_gil *gil);

THR_PRIVATE_END

#endif
