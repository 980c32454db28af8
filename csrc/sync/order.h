/*
** order: in which orders threads take locks, while THREADING_DEBUG is set, or
** explore runs.
**
** A thread that takes a lock while it holds another one has taken these two in
** an order.  Where threads take the same locks in different orders, they may
** each have one some day, and wait for the other's for ever.  That is told on
** stderr, once for the places where it is done, although no thread has waited.
**
** The orders that were seen are edges of a graph, from the lock that was held
** to the one that was taken.  A new edge that closes a circle is such a fault,
** be it of two locks or of several.  A mere try never waits: a lock that was
** taken by one is held, but gives no edge.
**
** Bounded: of a thread's locks the first THR_MAX_HELD, of the edges the last
** THR_MAX_ORDERS, of what was told the last THR_MAX_TOLD.
*/
#ifndef THR_ORDER_H
#define THR_ORDER_H

#include "bind/describe.h"

THR_PRIVATE_BEGIN

/* A lock, as it is known here. */
typedef struct {
  const void *addr;
  unsigned long number; /* never used twice */
} thr_ranked;

/* What is asked of locks, which may have been freed. */
typedef struct {
  /* Has the thread still got the lock at addr?  It had it when `frees` locks
  ** had been freed: if others were since, that may be one of them. */
  bool (*has_still)(const thr_tstate *ts, const void *addr,
                    unsigned long frees);
  /* What reports call it. */
  void (*tell)(const thr_ranked *lock, char text[THR_LABEL_ROOM]);
} thr_locks;

/* The thread has taken the lock, in `where`; `waits`: it would have waited. */
void thr_order_took(thr_tstate *ts, thr_ranked lock, const thr_where *where,
                    bool waits, const thr_locks *locks);

/* A lock is about to be freed.  Counted also while nobody watches: what was
** noted before is looked through when somebody does again. */
void thr_order_freed(void);
unsigned long thr_order_frees(void); /* how often that was */

/* fork: between the two, no thread is in here. */
void thr_order_beforefork(void);
void thr_order_afterfork(void);

THR_PRIVATE_END

#endif
