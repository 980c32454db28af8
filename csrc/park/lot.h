/*
** lot: the parking lot.  Threads wait at an address, each with a record on its
** own stack, in a list that is found by the address, oldest first.
**
** thr_park and thr_unpark_one/all are the words of other parking lots, and are
** written as those write them; thr_park itself, which sleeps, is in park.h.
**
** Laws
** - A waiter is in its bucket's list, where its result is THR_PARK_ENTERED, or
**   it has another result; both change under the bucket's mutex.
** - A thread that takes a waiter out of the list also wakes it: by its
**   semaphore or, where it would wake only to wait for the global lock that
**   the waker holds, by an invitation to that lock.
** - A waiter that gives up looks under the bucket's mutex, and takes a result
**   that is there: no wake-up is lost to a timeout.
** - The runtime's mutex is taken before a thread's (thr_ts_nest), from the
**   outer record to the inner one; that before a bucket's, and one bucket's at
**   a time.
** - A waiter that counts as asleep has lowered the group's `awake` under the
**   mutex, and is counted awake under it when it is taken out: while a wake-up
**   is under way, `awake` is not 0.
**
** Knows no Lua, and does not sleep.
*/
#ifndef THR_LOT_H
#define THR_LOT_H

#include "gil/gil.h"
#include "gil/record.h"

THR_PRIVATE_BEGIN

/* How a wait has ended. */
typedef enum {
  THR_PARK_WOKEN,       /* by thr_unpark_one/all */
  THR_PARK_TIMEOUT,     /* the deadline has come */
  THR_PARK_INTERRUPTED, /* by a signal on the main thread, or asked.pending */
  THR_PARK_CHANGED,     /* it has not begun: `validate` said no */
  THR_PARK_NOTOWN,   /* nor here: it would let go of the global lock in another
                        thread's Lua state, see whose.h */
  THR_PARK_READY,    /* the descriptor that it watches is; see watch->ready */
  THR_PARK_DEADLOCK, /* no thread is left that could wake it; only where that
                        can be reported, see thr_wait */
  THR_PARK_ENTERED   /* it has not ended: the waiter is in the list.  thr_park
                        does not return this */
} thr_parkresult;

/* Guards: "bucket" is the bucket's mutex; any other field is the waiting
** thread's own, and does not change while it is in the list. */
struct thr_waiter {
  /* What it waits for */
  const void *addr;
  const void *object; /* to be reported to the user */
  const char *what;   /* the same, in a word */
  const struct thr_label *label; /* the object's, see label.h; or NULL */
  thr_tstate *ts;
  /* Is there still a reason to wait?  NULL: yes.  Called under the bucket's
  ** mutex, just before the waiter enters the list. */
  bool (*validate)(thr_waiter *w);
  uint64_t (*owner)(const void *addr); /* see thr_wait */
  bool owner_only;                     /* see thr_wait */
  const atomic_int *retained; /* how often C has retained the object, which it
                                 may set or release at any time; NULL: never */

  /* How it waits */
  unsigned masked;  /* pending bits that do not end this wait, beside those
                       that its thread has masked */
  int64_t patience; /* for the global lock once woken, see thr_gil_take; bucket,
                       for `decide` may change it */
  int64_t since;    /* when it came; kept when it parks again */
  bool is_sleep;    /* a sleep, which no other thread ends early */
  thr_watch *watch; /* the descriptor that it watches, or NULL */
  bool (*signalled)(void); /* NULL, or: has a signal come that ends the wait?
                              Asked on the main thread, without the lock */
  bool (*attempt)(thr_waiter *w); /* NULL, or: does what the descriptor is
                              watched for; false: it would have to wait.
                              Called before its thread sleeps, and when it is
                              ready: without the global lock, unless there is
                              no time to wait, or it cannot be let go of */

  bool comes_late;  /* it would be in vain before the sleep */

  /* Set by thr_park */
  bool wants_gil;  /* it held the global lock, and takes it again */
  bool unbounded;  /* no deadline, no descriptor ends it */
  bool reportable; /* see thr_wait */

  /* What other threads do with it */
  bool handed; /* bucket, by `decide`: it has been given what it waited for (a
                  direct hand-off), and need not compete for it */
  bool counts_asleep;      /* bucket: unbounded, and not retained by C */
  bool invited;            /* bucket: it is in the global lock's queue */
  thr_gilwaiter turn;      /* its place there; guard: see gil.h */
  thr_parkresult result;   /* bucket */
  thr_waiter *next, *prev; /* bucket */
};

static inline thr_waiter thr_waiter_on(thr_tstate *ts, const void *addr,
                                       const char *what) {
  thr_waiter w = {.addr = addr, .object = addr, .ts = ts, .what = what,
                  .patience = THR_SOON};
  return w;
}

/* Where the threads wait that watch a descriptor: an address that no object
** has. */
static inline const void *thr_lot_atfd(int fd) {
  return (const void *)((uintptr_t)fd << 4 | 1);
}

/* The descriptor of such an address, or -1. */
static inline int thr_lot_fdat(const void *addr) {
  return (uintptr_t)addr & 1 ? (int)((uintptr_t)addr >> 4) : -1;
}

/* A waiter that watches a descriptor is woken by a thread that closes it, too.
** Its thread needs a bell (thr_tstate_makebell). */
static inline thr_waiter thr_waiter_onfd(thr_tstate *ts, thr_watch *watch,
                                         const char *what) {
  thr_waiter w = thr_waiter_on(ts, thr_lot_atfd(watch->fd), what);
  w.watch = watch;
  return w;
}

/* The pending bits of its thread that end this wait. */
unsigned thr_waiter_pending(const thr_waiter *w);

/* Where its thread sleeps in this wait. */
static inline thr_sem *thr_waiter_sem(const thr_waiter *w) {
  return w->watch && !w->ts->signals ? &w->ts->sleep.bell : &w->ts->sleep.sem;
}

/* --- the waiting thread, in thr_park --- */

/* Enters the list: THR_PARK_ENTERED, or a reason why not. */
thr_parkresult thr_lot_enter(thr_waiter *w);
/* Takes the result or, where there is none, leaves the list with this one. */
thr_parkresult thr_lot_leave(thr_waiter *w, thr_parkresult reason);
/* Has it been taken out of the list? */
bool thr_lot_isended(const thr_waiter *w);

/* --- other threads --- */

/* Wakes the first waiter at addr.  `decide`, called under the bucket's mutex
** with that waiter (NULL: there is none) and whether more wait behind it,
** brings the object's state in line before any other thread can look. */
typedef void (*thr_decide)(const void *addr, thr_waiter *w, bool more);
void thr_unpark_one(const void *addr, thr_decide decide);

/* Wakes all that wait at addr; returns how many. */
int thr_unpark_all(const void *addr);

/* Sets pending bits of a thread, and ends its wait unless that masks them.  Of
** one that has entered another Lua state, it is done there (nest.h). */
void thr_lot_interrupt(thr_tstate *ts, unsigned bits);

/* Ends the wait of a thread with THR_PARK_DEADLOCK, if it is one that counts as
** asleep, and to which that can be reported. */
void thr_lot_enddeadlock(thr_tstate *ts);

/* Counts one waiter at addr anew that *retained says is counted wrongly.
** Returns its runtime, with a reference to be dropped; NULL: there is none. */
thr_runtime *thr_lot_recount(const void *addr, const atomic_int *retained);

/* fork: between the two, no bucket changes; then the child forgets all
** waiters, which were other threads. */
void thr_lot_beforefork(void);
void thr_lot_afterfork(bool in_child);

THR_PRIVATE_END

#endif
