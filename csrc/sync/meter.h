/*
** meter: how often a lock is taken, and for how long and where it is held,
** while that is recorded (see trace).
**
** Laws
** - Each take is counted.  How long the lock is held is measured so rarely that
**   it costs little: a measured take stands for those that follow it.  Where
**   locks are held for long, that is each take; so it is where another thread,
**   which holds the global lock, takes it than the last time.
** - A lock whose take is measured has THR_TIMED in its word, so that its
**   release goes the slow way, and comes here.  One that is not costs its
**   release nothing.
** - The thread that has the lock writes its meter ("lock"); the one that
**   releases it, which may be another, ends what was measured.  What others
**   read meanwhile is atomic, or const from when `n` says that it is there.
** - A meter lives as long as its lock; or longer, until the recording ends.
*/
#ifndef THR_METER_H
#define THR_METER_H

#include "bind/describe.h"
#include "os/tuning.h"
#include "park/label.h"

THR_PRIVATE_BEGIN

/* A thread that holds the lock at a place. */
typedef struct {
  uint64_t ident;
  char name[THR_NAMESIZE];
  thr_where where; /* line 0: in C */
  atomic_llong count, total, longest; /* takes; nanoseconds */
} thr_metered;

typedef struct thr_meter {
  atomic_int refs;
  unsigned session; /* const: the recording that it is of */
  unsigned long number; /* const: in this recording */
  char object[THR_LABEL_ROOM]; /* const */
  const char *kind;     /* const */
  int64_t pid;          /* const: the interpreter's that took it first */
  atomic_llong taken;
  int skip;         /* lock: how many takes are not to be measured */
  int passed;       /* lock: how many have not been, since the last one */
  int64_t since;    /* lock: when it was taken, where that is measured, */
  int64_t length;   /* lock: and for how long it was held then, */
  thr_metered *by;  /* lock: by whom; NULL: by nobody yet */
  atomic_int n;     /* lock to write: holders that are there; others are counted
                       as the last one */
  thr_metered holders[THR_METERED];
  long long written; /* the writer's: `taken`, when it was written last */
  struct thr_meter *next;  /* const once it is in the list */
  struct thr_meter *older; /* lock: of an earlier recording; freed with the
                              lock, as somebody may be releasing it twice */
} thr_meter;

/* Is anything recorded?  And the number of the recording, 0: of none.  Relaxed,
** where a lock is taken: who comes late misses what comes first. */
extern atomic_uint thr_meter_session;

/* A recording begins, or is over: what there was is let go.  One at a time. */
void thr_meter_start(void);
void thr_meter_stop(void);
/* The meters of this recording, by next; of locks that were freed, too. */
thr_meter *thr_meter_all(void);
void thr_meter_afterfork(void);

/* By the thread that has the lock.  NULL: no memory, or there are
** THR_MAX_METERS. */
thr_meter *thr_meter_new(thr_tstate *ts, const char *kind, const void *object,
                         const thr_label *label);
static inline bool thr_meter_ison(void) {
  return atomic_load_explicit(&thr_meter_session, memory_order_relaxed) != 0;
}
static inline bool thr_meter_isold(const thr_meter *m) {
  return m->session != atomic_load_explicit(&thr_meter_session,
                                            memory_order_relaxed);
}

/* The thread has taken the lock.  True: that is to be measured. */
static inline bool thr_meter_take(thr_meter *m, const thr_tstate *ts) {
  atomic_store_explicit(
      &m->taken, atomic_load_explicit(&m->taken, memory_order_relaxed) + 1,
      memory_order_relaxed);
  m->passed++;
  return --m->skip < 0 || (m->by->ident != ts->ident && ts->gil.held);
}
/* From now on, and until then. */
void thr_meter_beginhold(thr_meter *m, thr_tstate *ts);
void thr_meter_endhold(thr_meter *m);
/* The lock ends; the meter, and older ones, may be NULL. */
void thr_meter_unrefall(thr_meter *m);

THR_PRIVATE_END

#endif
