/*
** chooser: which of the threads that can run goes on, at a point of a schedule.
**
** Threads are numbers: 1 is the one that explores, the others are counted as
** they start.  A point is where a thread lets others run: before an
** instruction, at a wait, at its end.  What is chosen depends on the options
** and on the points so far, on nothing else: the same program, if it does the
** same at each point, makes the same schedule again.
**
** Knows neither Lua nor threads.
*/
#ifndef THR_CHOOSER_H
#define THR_CHOOSER_H

#include "os/port.h"

THR_PRIVATE_BEGIN

typedef struct {
  int64_t first, second;
} thr_pair;

typedef enum {
  THR_CHOOSE_DEFAULT, /* a thread goes on until it waits, or as `plan` says:
                         pairs of the number of a point, and of the thread that
                         goes on there */
  THR_CHOOSE_RANDOM,  /* any, at each point */
  THR_CHOOSE_STICKY,  /* mostly the same; how mostly, is drawn for the schedule,
                         from always another to 1 of 32.  In half of them
                         fresh points only are switches; in three of four the
                         one that explores, and starts the others, is left
                         alone until it waits */
  THR_CHOOSE_PCT,     /* the one of the highest priority; at `depth` - 1 points
                         of `length` it falls below all others */
  THR_CHOOSE_REPLAY,  /* as `plan` says: pairs of a thread, and of how many
                         points it comes to */
  THR_CHOOSE_ASK      /* as `ask` says */
} thr_strategy;

typedef struct {
  int64_t number;   /* from 1 */
  int current;      /* the thread that has come to it */
  bool goes_on;     /* it is among those that can run, and does not wait */
  bool demoted;     /* it ran for so long that it is left out */
  bool fresh;       /* not between the instructions of one line */
  const int *ready; /* the threads that can run, in order */
  int n;            /* > 0 */
} thr_point;

typedef struct {
  thr_strategy strategy;
  uint64_t seed;
  int depth;
  int64_t length;
  thr_pair *plan; /* owned by the chooser */
  int pairs;
  int (*ask)(void *arg, const thr_point *p); /* 0: as the default */
  void *arg;
} thr_choosing;

typedef struct {
  thr_choosing how;
  uint64_t random;   /* the generator's state */
  unsigned sticks;   /* sticky: one point of 2^sticks is a switch, */
  bool coarse;       /* of these that are fresh, */
  bool first_goes_on; /* and not of number 1 */
  int64_t *changes;  /* pct: at which points, depth - 1 */
  int64_t *falls;    /* pct: of each thread, its priority once it has fallen;
                        0: it has not */
  int threads;       /* how many have room there */
  int64_t fallen;    /* how often one has */
  int at;            /* plan: the pair that is next, or under way */
  int64_t left;      /* replay: points until that is over */
  int64_t strayed;   /* plan: the first point that was not as it says, or 0 */
} thr_chooser;

/* False: no memory. */
bool thr_chooser_init(thr_chooser *ch, const thr_choosing *how);
void thr_chooser_destroy(thr_chooser *ch);

/* The thread that goes on.  To be asked at each point, also where only one can
** run. */
int thr_chooser_next(thr_chooser *ch, const thr_point *p);

/* Has a replay not come to its end? */
bool thr_chooser_isbehind(const thr_chooser *ch);

THR_PRIVATE_END

#endif
