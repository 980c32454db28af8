/*
** gil: the global lock of one Lua state.  Who holds it may touch Lua.
**
** Laws
** - `holder` is set by who takes the lock and cleared before it is let go, so
**   a waiter (which keeps QUEUED set) that reads a holder under the mutex may
**   signal it: that thread cannot let go, let alone end, before the mutex is
**   free again.
** - A waiter is due at its arrival plus its patience; the queue is sorted by
**   that, so that no one starves: who comes back from sleep or I/O is due at
**   once, who was itself preempted an interval later.
** - A due waiter sets rt->drop and signals the holder, again every interval; of
**   those who were due at once the first, and who finds rt->drop unset.
** - Who is asked to drop hands the lock over.  Who lets go unasked only wakes
**   the first waiter and may take the lock again before it.
** - Who wakes a parked thread while it holds the lock does not wake it, which
**   would only sleep again: it invites it, that is, puts it into the queue,
**   and asks itself to drop after some thousands of instructions.  Only the
**   lock's release posts the invited.
** - While the first of the queue sleeps so, nobody asks for it: who takes the
**   lock before it asks itself to drop, too.
** - While somebody waits who was due at once, behind others that are due, each
**   of these asks itself to drop, too, after a short turn.
** - A holder whose hook is too dear just now (rest.h) is not asked, and does
**   not ask itself: who waits for it is awake, and asks when that is over.
** - A holder that sleeps in the system is not signalled (doze.h): it sees
**   rt->drop when it is back in Lua, or is asked again.
** - The patience of THR_STREAM is too long for a hook, which slows down what
**   runs: who is invited with it is woken, and keeps the time itself.
** - Who gets the lock back when another has gone to wait for a descriptor lets
**   others have its processor, soon and once; not the lock.
** - A semaphore's token tells nothing but "look again": there may be stray
**   ones, from a lock that was taken before its post came.
**
** Called by park and its thread, bind, state, kernel, capi and module.
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
  bool granted; /* the lock is the waiter's, without its doing */
  bool posted;  /* awake already */
  bool asleep;  /* invited, and nobody has woken it yet */
  bool hasty;   /* due at once */
  bool preempted; /* due an interval after it let go */
  int asked;    /* how often it has asked the holder */
  thr_sight seen; /* of the holder */
  struct thr_gilwaiter *next, *prev;
} thr_gilwaiter;

void thr_gil_take(thr_tstate *ts, int64_t patience);
/* Returns where the thread ran last that it wakes, or -1. */
int thr_gil_release(thr_tstate *ts);

/* Takes the lock for `ts`, which sleeps, as soon as `self`, which holds it,
** lets go; `ts` calls thr_gil_accept when it wakes.  True: the caller shall
** post it now. */
bool thr_gil_invite(thr_tstate *self, thr_tstate *ts, thr_gilwaiter *w,
                    int64_t patience);
void thr_gil_accept(thr_gilwaiter *w);

/* Lets another thread run if one has asked for it.  The caller holds the
** lock, before and after. */
void thr_gil_yield(thr_tstate *ts);

/* The holder's record is about to be freed, and the lock held for ever: who
** waits must not signal it any more. */
void thr_gil_abandon(thr_gil *gil);

/* fork: between the two, the queue does not change.  In the child nobody waits,
** and the lock is held if ts held it. */
void thr_gil_beforefork(thr_gil *gil);
void thr_gil_afterfork(thr_tstate *ts, bool in_child);

int64_t thr_gil_interval(thr_gil *gil);
void thr_gil_setinterval(thr_gil *gil, int64_t ns);
unsigned long long thr_gil_switches(thr_gil *gil);

THR_PRIVATE_END

#endif
