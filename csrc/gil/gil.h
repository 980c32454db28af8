/*
** gil: the global lock of one Lua state.  The thread that holds it may touch
** Lua.
**
** Who gets it: virtual time
** - `used` of a thread is for how long it has held the lock while others wanted
**   it.  The queue is sorted by that: who has used the least is first; of those
**   that have used about as much (THR_LEAD), who came first.
** - The lock has a clock: what a thread would have used by now that always
**   wanted it.  It goes on by what is used, divided by the number of those that
**   want the lock, and it is not behind a thread whose turn begins.
** - A thread that comes is THR_LAG and an interval behind the clock, at most:
**   one that has slept for long has saved up no more than that.  (Those that
**   compute are up to an interval apart: who sleeps most of the time is to be
**   before them all.)  And as the clock goes on while a thread waits, those
**   that come later are behind it some day: none starves.
** - A turn is measured only while somebody waits, and is awake: a thread that
**   is alone reads no clock.  `since` is when the turn began or, if that is
**   later, when the first waiter looked.
**
** When it changes hands: asking
** - A waiter asks the holder: it sets `drop`, and signals it.  A holder that
**   finds `drop` set hands the lock over to the first.  One that lets go of it
**   unasked only wakes the first, and may take the lock again before that.
** - A thread that was preempted asks a holder whose turn has lasted an
**   interval, or which has used an interval more than it has, in many that were
**   cut short. Others, which have slept, come from I/O, or were woken, ask when
**   they have waited for their patience and the turn has lasted THR_TURN; or at
**   once where the holder has used THR_LEAD more than they have.
** - An ask may be met by a switch to another thread.  So a waiter looks again
**   soon: it asks the new holder as it asked the old one, and the same holder
**   ever more rarely.
** - THR_ASKERS ask, not all.  Not the first alone, which may be awake and
**   waiting for a processor.  One that is too far back sleeps; who takes the
**   lock wakes it when it is the first of those that were not preempted.
** - A holder is asked while it runs with the lock: not before it does, nor
**   while its hook is too dear (rest.h); and not signalled while it sleeps in
**   the system (doze.h): then it sees `drop` when it is back in Lua, or is
**   signalled later.
** - A thread that was preempted, and wakes for a lock that was let go of, lets
**   others have its processor before it takes it.
**
** Without waking: invitations
** - A holder that wakes a parked thread does not post it, for it would only
**   sleep again: it invites it, that is, puts it into the queue, and asks
**   itself to let go when that one's patience is over, by its own hook.  Only
**   the release of the lock posts an invited thread.
** - While the first of the queue is such a sleeper, nobody asks for it: a
**   thread that takes the lock before it asks itself, too, after THR_GRACE.
** - Where the holder's hook is too dear now, or the patience is that of
**   THR_STREAM, too long for a hook, which slows down what runs, the thread is
**   posted, and asks by itself.
**
** Safety
** - `holder` is set by the thread that takes the lock, or by the one that hands
**   it over, and cleared before that releases it.  So a waiter (while there is
**   one, QUEUED is set) that reads a holder under the mutex may signal it: that
**   thread cannot release the lock, let alone end, before the mutex is free
**   again.
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
  int64_t patience; /* asks so long after it came at the earliest; that of a
                       sleeper is kept by who has invited it */
  int64_t came;   /* when it looked first */
  bool granted;   /* the lock has been handed to it */
  bool posted;    /* it is awake, or will be */
  bool asleep;    /* invited, and not posted yet */
  bool dormant;   /* too far back to ask: sleeps until it is the first */
  bool preempted; /* it has handed the lock over */
  int requests;   /* how many it has made in this turn of the holder, */
  int64_t asked;  /* which began then; up to THR_REQUEST_DOUBLINGS */
  thr_sight seen; /* of the holder */
  struct thr_gilwaiter *next, *prev;
} thr_gilwaiter;

void thr_gil_take(thr_tstate *ts, int64_t patience);
/* The same until the deadline.  False: it is not taken. */
bool thr_gil_takeby(thr_tstate *ts, int64_t deadline);
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

/* For explore.  While the lock is kept, which its holder sets, no release frees
** it: an explored thread passes it to one that receives it, and both of them
** know that.  Others that want it wait. */
void thr_gil_keep(thr_gil *gil, bool keep);
bool thr_gil_iskept(const thr_gil *gil);
void thr_gil_pass(thr_tstate *ts);
void thr_gil_receive(thr_tstate *ts);

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
