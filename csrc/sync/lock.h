/*
** lock: a mutual exclusion lock that any thread may release; and, with
** `owner_only` set, one that its owner may acquire again: an RLock.
**
** The word has two bits, LOCKED and PARKED; and TIMED while it is locked and a
** meter wants to see its release, which goes the slow way then.  Legal to be
** PARKED and free (waiters are on their way); illegal to have waiters in the
** parking lot for long without PARKED.  The uncontended paths are one
** compare-and-swap.  A waiter that has waited for a millisecond is handed the
** lock by the next release; before that, the thread that comes first gets it.
**
** Usable with and without the global lock.
*/
#ifndef THR_LOCK_H
#define THR_LOCK_H

#include "bind/describe.h"
#include "park/park.h"
#include "sync/meter.h"

THR_PRIVATE_BEGIN

#define THR_LOCKED 1u
#define THR_PARKED 2u
#define THR_TIMED 4u /* its release is measured, see meter.h */

typedef struct thr_lock {
  atomic_uint word;
  atomic_uint depth; /* owner only to write: how often it has acquired an
                        RLock; tostring reads it */
  atomic_ullong owner; /* ident of the thread that has it; 0: free */
  atomic_int refs, retained; /* retained: how often by C */
  unsigned long number; /* const: never used twice */
  bool owner_only; /* const: nobody but the owner may release it (RLock) */
  thr_label *label; /* const: its own, see label.h */
  thr_where *acquired; /* its own; the list's mutex, and the owner to read:
                          where, under THREADING_DEBUG; NULL: not noted yet */
  thr_meter *meter; /* its own, and the owner's to change: while it is recorded;
                       or NULL */
  struct thr_lock *next, *prev; /* the list of all locks */
} thr_lock;

/* The label, or NULL, is the lock's from now on: others see it in the list of
** all.  NULL: no memory, and the label is freed. */
thr_lock *thr_lock_new(bool owner_only, thr_label *label);
void thr_lock_unref(thr_lock *l);
void *thr_lock_ref(void *l);

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

/* Relaxed: only a thread itself stores its ident, or a release that hands it
** the lock, which it has seen under the bucket's mutex. */
static inline bool thr_lock_isowner(thr_lock *l, const thr_tstate *ts) {
  return atomic_load_explicit(&l->owner, memory_order_relaxed) == ts->ident;
}

/* Relaxed, and no read-modify-write: only the owner writes it. */
static inline unsigned thr_lock_depth(thr_lock *l) {
  return atomic_load_explicit(&l->depth, memory_order_relaxed);
}

static inline void thr_lock_setdepth(thr_lock *l, unsigned depth) {
  atomic_store_explicit(&l->depth, depth, memory_order_relaxed);
}

/* The same for an RLock, which its owner has at once. */
static inline bool thr_lock_tryagain(thr_lock *l, const thr_tstate *ts) {
  if (!thr_lock_isowner(l, ts) && !thr_lock_try(l, ts)) return false;
  thr_lock_setdepth(l, thr_lock_depth(l) + 1);
  return true;
}

/* Waits until the deadline.  THR_PARK_WOKEN: acquired.  `masked`: see lot.h. */
thr_parkresult thr_lock_wait(thr_lock *l, thr_tstate *ts, int64_t deadline,
                             unsigned masked);

static inline bool thr_lock_locked(thr_lock *l) {
  return (atomic_load_explicit(&l->word, memory_order_relaxed) & THR_LOCKED);
}

/* Releases a lock that has waiters. */
void thr_lock_wakenext(thr_lock *l);

/* Returns false where the lock was free. */
static inline bool thr_lock_release(thr_lock *l) {
  unsigned w = THR_LOCKED;
  if (!thr_lock_locked(l)) return false;
  atomic_store_explicit(&l->owner, 0, memory_order_relaxed);
  if (!atomic_compare_exchange_strong_explicit(&l->word, &w, 0,
                                               memory_order_release,
                                               memory_order_relaxed))
    thr_lock_wakenext(l);
  return true;
}

/* fork: between the two, the list of all locks does not change. */
void thr_lock_beforefork(void);
void thr_lock_afterfork(void);

/* What reports call it; in a function that thr_lock_each calls, or where it
** lives for another reason. */
void thr_lock_tell(const thr_lock *l, char to[THR_LABEL_ROOM]);

/* Calls see(arg, l) for each lock that `ident` holds, under the list's mutex:
** for dump. */
void thr_lock_each(uint64_t ident, void (*see)(void *arg, thr_lock *l),
                   void *arg);

/* --- the Lua face --- */
struct lua_State;

/* acquire([blocking [, timeout]]) of both kinds, where it may have to wait.
** At stack index 1, here and below, is the box of the lock, or of the Condition
** that it belongs to. */
bool thr_lock_acquire(struct lua_State *L, thr_lock *l);
void thr_lock_acquireforever(struct lua_State *L, thr_lock *l);
/* Notes where the running function has acquired l, which it would have waited
** for, or not; and that C has, which does not know where. */
void thr_lock_note(struct lua_State *L, thr_lock *l, bool waits);
void thr_lock_notefromc(thr_lock *l, thr_tstate *ts);

/* How many have switched on what these two are for: THREADING_DEBUG in the
** environment, each who explores, and a recording, which wants no orders.
** Relaxed: one that comes late misses what comes first. */
extern atomic_int thr_lock_watchers;
void thr_lock_watch(int more, bool orders);

static inline bool thr_lock_iswatched(void) {
  return atomic_load_explicit(&thr_lock_watchers, memory_order_relaxed) > 0;
}

/* Waits until the lock is the caller's again; only the end of the program
** ends this wait before, and then false. */
bool thr_lock_regain(thr_lock *l, thr_tstate *ts);

void thr_lock_open(struct lua_State *L); /* makes the type */
int thr_lock_create(struct lua_State *L);
thr_lock *thr_lock_test(struct lua_State *L, int arg); /* or NULL */
void thr_lock_push(struct lua_State *L, thr_lock *l);  /* as a Lock */
/* Pushes the box that this Lua state has for a Lock. */
void thr_lock_pushshare(struct lua_State *L, thr_lock *l);

THR_PRIVATE_END

#endif
