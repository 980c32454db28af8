/*
** rwlock: a lock that many threads hold at once to read, or one to write.
**
** Who gets it
** - A thread that comes to read waits while another writes or waits to write:
**   so readers that come and go do not keep a writer out for ever.  One that
**   reads already gets it at once: it would wait for itself.
** - When a writer is done, all readers that wait get in, before the next
**   writer: so writers do not keep readers out, either.
** - Among writers it is as with a Lock: the first that comes, until one has
**   waited for a millisecond, which is handed it by the next release.
** - A thread that reads cannot begin to write: two of them would wait for each
**   other.  Nor can one that writes take it again.
**
** Only the thread that holds it may release it.
**
** The state is guarded by a mutex of its own, which is the last to be taken:
** after a bucket's of the parking lot.  Usable with and without the global
** lock.  Knows no Lua.
*/
#ifndef THR_RWLOCK_H
#define THR_RWLOCK_H

#include "park/label.h"
#include "park/park.h"

THR_PRIVATE_BEGIN

typedef struct { /* one that reads */
  uint64_t ident;
  unsigned depth; /* how often it has acquired it */
} thr_rwreader;

typedef struct thr_rwlock {
  thr_mutex m;          /* of all but what is const, atomic, or in the list */
  atomic_ullong writer; /* m to write: ident of the one that writes, or 0 */
  atomic_ullong sole;   /* m to write: of the only one that reads, or 0 */
  atomic_ullong next;   /* m to write: of one that waits to write, or 0 */
  thr_rwreader *readers; /* those that read */
  int n, room, reserved; /* how many; room for so many; kept for those that
                            wait, so that they can be let in */
  int writers;           /* how many wait to write */
  bool readers_wait;     /* some may wait to read */
  char at_readers, at_writers; /* where they wait: addresses of their own */
  atomic_int refs;
  thr_label *label; /* const once made, see label.h; or NULL */
  struct thr_rwlock *next_of_all, *prev_of_all; /* the list of all */
} thr_rwlock;

/* What has come of an acquire, beside how the wait has ended. */
typedef enum {
  THR_RW_ACQUIRED,
  THR_RW_NOT,     /* see the parkresult */
  THR_RW_READS,   /* the caller reads, and would wait for itself */
  THR_RW_WRITES,  /* the caller writes already */
  THR_RW_NOMEMORY
} thr_rwoutcome;

/* With a label or NULL, as thr_lock_new.  NULL: no memory. */
thr_rwlock *thr_rwlock_new(thr_label *label);
void *thr_rwlock_ref(void *object);
void thr_rwlock_unref(void *object);

/* Without waiting: THR_RW_NOT where it would have to wait. */
thr_rwoutcome thr_rwlock_try(thr_rwlock *l, const thr_tstate *ts, bool writes);
/* Waits until the deadline, after a try has said THR_RW_NOT. */
thr_rwoutcome thr_rwlock_wait(thr_rwlock *l, thr_tstate *ts, bool writes,
                              int64_t deadline, thr_parkresult *r);
/* False: the caller does not hold it so. */
bool thr_rwlock_release(thr_rwlock *l, const thr_tstate *ts, bool writes);

/* How many read; `writer`: the ident of the one that writes, or 0. */
int thr_rwlock_look(thr_rwlock *l, uint64_t *writer);

/* Calls see(arg, l, writes) for each that `ident` holds: for dump.  Under the
** list's mutex and the lock's. */
void thr_rwlock_each(uint64_t ident,
                     void (*see)(void *arg, const thr_rwlock *l, bool writes),
                     void *arg);

/* fork: between the two no lock's state changes. */
void thr_rwlock_beforefork(void);
void thr_rwlock_afterfork(bool in_child);

THR_PRIVATE_END

#endif
