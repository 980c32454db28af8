/*
** trail: what a schedule was: who came to how many points, in which order.
**
** As segments, each a thread and a number of points; that is what a replay
** needs (chooser.h).  With them a hash of what was seen at the points, by which
** two runs are known to be the same; and, where it is asked for, at which
** points other threads could have gone on.
*/
#ifndef THR_TRAIL_H
#define THR_TRAIL_H

#include "explore/chooser.h"

THR_PRIVATE_BEGIN

typedef struct {
  thr_pair *of;
  int n, room;
} thr_pairs;

typedef struct {
  thr_pairs segments;     /* thread, points; the last may have come to none */
  thr_pairs alternatives; /* point, bits of the threads up to 63 that could have
                             gone on in the place of the one that did, up to
                             62; 1 << 62: the point is fresh; 1 << 63, the sign:
                             each of them would be a preemption */
  bool wants_alternatives;
  bool full;              /* there was no memory: segments are missing */
  uint64_t hash;
  int64_t points;
  int64_t switches;       /* points at which another thread went on */
  int64_t preemptions;    /* of these, where the current one could have */
} thr_trail;

void thr_trail_init(thr_trail *t, bool wants_alternatives);
void thr_trail_destroy(thr_trail *t);

/* A thread has come to a point; `where` is a hash of the place. */
void thr_trail_arrive(thr_trail *t, int thread, uint64_t where);
/* And this one goes on. */
void thr_trail_leave(thr_trail *t, const thr_point *p, int next);

THR_PRIVATE_END

#endif
