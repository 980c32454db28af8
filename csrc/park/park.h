/*
** park: the one door for waiting.  Everything that blocks comes through here.
**
**   thr_waiter w = thr_waiter_on(ts, &lock->word, "lock");
**   switch (thr_park(&w, deadline)) ...
**
** A waiter waits at an address.  thr_park enters it there if `still` says so
** under the bucket's mutex (else THR_PARK_CHANGED: somebody was quicker, look
** again), lets go of the global lock if its thread holds it, sleeps on the
** thread's own semaphore until woken, the deadline or a signal, and takes the
** global lock again.
**
** Laws
** - A waiter is in its bucket's list, or its result is set; not both.
** - Who takes a waiter out of the list wakes it: by its semaphore, or, where
**   it would wake only to wait for the global lock that the waker holds, by an
**   invitation to that.
** - A waiter that gives up looks under the bucket's mutex and takes a result
**   that is there: a wake-up is never lost to a timeout.
** - A failed wait leaves no trace.
** - A wait whose deadline is past as it begins is a look: it does not sleep,
**   and keeps the global lock unless somebody asks for it.  So its caller has
**   looked just before.  (A sleep is a sleep.)
**
** A waiter that watches a descriptor waits at that descriptor's address, and is
** woken by who closes it; its thread must have a bell (thr_tstate_makebell).
**
** Called by the primitives.  Knows no Lua.
*/
#ifndef THR_PARK_H
#define THR_PARK_H

#include "gil/gil.h"
#include "gil/record.h"

THR_PRIVATE_BEGIN

typedef enum {
  THR_PARK_WOKEN,
  THR_PARK_TIMEOUT,
  THR_PARK_INTERRUPTED, /* a signal on the main thread, or tstate.pending */
  THR_PARK_CHANGED,
  THR_PARK_NOTOWN, /* it would let go of the global lock in another thread's
                      Lua state, see whose.h */
  THR_PARK_READY, /* the descriptor that it watches; see watch->ready */
  THR_PARK_DEADLOCK /* nobody is left who could wake it; not for a waiter
                       that is deaf, or is without the global lock */
} thr_wake;

struct thr_waiter {
  const void *addr;
  const void *object; /* what to tell the user of */
  thr_tstate *ts;
  bool (*still)(thr_waiter *w); /* NULL: yes.  Called under the mutex */
  const char *what;             /* what it waits for, in a word */
  uint64_t (*owner)(const void *addr); /* see thr_wait */
  bool certain;
  unsigned deaf;    /* pending bits that shall not interrupt this wait */
  int64_t patience; /* for the global lock when woken, see thr_gil_take */
  int64_t since;    /* when it came; kept over repeated parks */
  bool lasting;     /* a sleep: it is known not to end soon */
  bool handed;      /* what was waited for is the waiter's already */
  thr_watch *watch; /* NULL: none */
  bool (*signalled)(void); /* NULL, or: has a signal come that ends the wait?
                              Asked on the main thread, without the lock */
  const atomic_int *kept; /* NULL, or: how often C has retained what is waited
                             for */
  bool endless; /* waiter only: no deadline, no descriptor ends it */
  bool forever; /* bucket: nor does C that has retained the object */
  bool tellable;             /* waiter only: see thr_wait */
  bool wants_gil;            /* waiter only: it held the lock before */
  bool invited;              /* bucket: it stands in the lock's queue */
  thr_gilwaiter turn;        /* there */
  thr_wake result;           /* bucket */
  thr_waiter *next, *prev;   /* bucket */
};

static inline thr_waiter thr_waiter_on(thr_tstate *ts, const void *addr,
                                       const char *what) {
  thr_waiter w = {.addr = addr, .object = addr, .ts = ts, .what = what,
                  .patience = THR_SOON};
  return w;
}

/* Where those wait that watch a descriptor: an address that no object has. */
static inline const void *thr_park_atfd(int fd) {
  return (const void *)((uintptr_t)fd << 4 | 1);
}

static inline thr_waiter thr_waiter_onfd(thr_tstate *ts, thr_watch *watch,
                                         const char *what) {
  thr_waiter w = thr_waiter_on(ts, thr_park_atfd(watch->fd), what);
  w.watch = watch;
  return w;
}

/* The descriptor of such an address, or -1. */
static inline int thr_park_fdat(const void *addr) {
  return (uintptr_t)addr & 1 ? (int)((uintptr_t)addr >> 4) : -1;
}

thr_wake thr_park(thr_waiter *w, int64_t deadline);

/* Wakes the first waiter at addr.  `decide`, called under the bucket's mutex
** with that waiter (NULL: none) and whether more wait behind it, brings the
** object's state in line before anyone else can look. */
typedef void (*thr_decide)(const void *addr, thr_waiter *w, bool more);
void thr_unpark_one(const void *addr, thr_decide decide);

/* Wakes all that wait at addr; returns how many. */
int thr_unpark_all(const void *addr);

/* Sets pending bits of a thread and wakes it wherever it is parked, unless it
** is deaf to them. */
void thr_park_interrupt(thr_tstate *ts, unsigned bits);

/* Ends the wait of a thread with THR_PARK_DEADLOCK, if it still waits and can
** be told. */
void thr_park_deadlock(thr_tstate *ts);

/* *kept, of the object at addr, has become more than 0, or 0: those that wait
** there count as awake from now on, or no longer. */
void thr_park_recount(const void *addr, const atomic_int *kept);

/* fork: between the two, no bucket changes; then the child forgets all
** waiters, which were other threads. */
void thr_park_beforefork(void);
void thr_park_afterfork(bool in_child);

THR_PRIVATE_END

#endif
