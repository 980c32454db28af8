/*
** baton: the threads that are explored.  Of those, one has the baton, and it
** alone runs, with the global lock or without; the others sleep, each on a
** semaphore of its own.
**
** How it takes the places of gil, park and the clock
** - The global lock is kept (thr_gil_keep) from begin to end.  Who passes the
**   baton passes it, if it has it; who gets the baton receives it again.
** - A thread comes to a point: between two instructions, by a standing count
**   hook of 1; where it takes the global lock, waits, or ends.  There one of
**   the threads that can run gets the baton, whom the chooser chooses.
** - A thread that parks is in the parking lot, as ever.  It can run when its
**   waiter has been taken out, its deadline has come, or its descriptor is
**   ready; it then looks itself.  Nobody posts it.
** - The clock is virtual, see vclock.h.  When nobody can run it goes on to the
**   next deadline.  Without a deadline the schedule is at its end.
** - C code without the global lock runs to its end as one step.
** - What is not explored, such as an attached thread, waits for the global lock
**   until the end.
**
** Laws
** - All that is here belongs to the thread that has the baton; semaphores pass
**   it on.  A thread's record is freed at the end alone.
** - A thread that is explored touches what belongs to all (Lua, objects, the
**   parking lot) only with the baton; when it ends, it passes it on last.
*/
#ifndef THR_BATON_H
#define THR_BATON_H

#include "explore/place.h"
#include "explore/trail.h"
#include "park/park.h"

THR_PRIVATE_BEGIN

typedef struct thr_explorer thr_explorer;

struct thr_explored {
  thr_explorer *explorer; /* const */
  thr_tstate *ts;         /* const: a reference */
  int number;             /* const: from 1 */
  bool alive;             /* has not ended */
  bool begun;             /* has had the global lock */
  bool left;              /* lived at the end, and is no daemon */
  bool ends;              /* number 1: waits for the others to end */
  thr_waiter *wait;       /* what it waits for, or NULL */
  int64_t deadline;
  bool watched;           /* its descriptor was found ready */
  bool signalled;         /* Ctrl-C has come while nobody could run */
  int run;                /* points since it got the baton */
  lua_State *at;          /* where it was split last, */
  thr_place last;
  int repeated;           /* how often it has been there in a row */
  bool within;            /* at a point between instructions of that line */
  thr_sem turn;           /* sleeps here; who passes the baton posts */
  thr_explored *next;     /* by number */
};

/* Why a schedule was ended before its time. */
typedef enum {
  THR_STOP_NONE,
  THR_STOP_ASKED,
  THR_STOP_ERROR,    /* a low-level thread has raised one */
  THR_STOP_POINTS,   /* there were too many */
  THR_STOP_DEADLOCK, /* nobody could run, and that could not be reported */
  THR_STOP_INVARIANT,
  THR_STOP_MEMORY
} thr_stop;

typedef struct {
  thr_choosing how;
  int64_t max_points;
  bool early;        /* a timer may fire at any point */
  bool lines;        /* split at new lines only */
  bool alternatives; /* see trail.h */
  /* Each is NULL, or called by the thread that has the baton; while it runs
  ** there are no points. */
  bool (*is_split)(void *arg, const char *source);
  void (*at_point)(void *arg, const thr_explored *c, thr_place place,
                   bool preempted);
  thr_stop (*holds)(void *arg, char *why, size_t n); /* does the invariant?
                              NONE: it does; else why not, in n bytes.  Asked
                              where another goes on */
  void *arg;
} thr_exploring;

struct thr_explorer {
  thr_exploring how; /* const */
  thr_chooser chooser;
  thr_trail trail;
  thr_places places;
  thr_explored *first;  /* all, by number */
  int count;            /* how many there have been, */
  int alive, nondaemons; /* and are, with number 1; and without */
  int *ready;           /* room for `count` numbers */
  int64_t clock;        /* the virtual time */
  unsigned long unnamed; /* how many threads had got a name by number before */
  bool busy;            /* asks Lua: no points */
  bool nothing_left;    /* number 1 ends, and nobody else can run */
  thr_stop stop;
  int failed;           /* the thread whose error nobody caught, or 0 */
  char failure[512];    /* its text, or why the invariant does not hold */
  bool stopping;        /* what follows is no part of the schedule */
};

/* From now on ts, which holds the global lock, is number 1.  NULL: no memory.
** It owns the plan in any case. */
thr_explorer *thr_baton_begin(thr_tstate *ts, const thr_exploring *how);

/* Asks all threads to stop, for the reason that comes first. */
void thr_baton_stop(thr_explorer *e, thr_stop why);

/* By number 1: waits until no other thread lives but daemons, or none can run;
** stops those that live, and waits for them.  From then on nothing is explored;
** thr_baton_free comes when all has been read. */
void thr_baton_finish(thr_explorer *e);
void thr_baton_free(thr_explorer *e);

extern const thr_explore_calls thr_baton_calls;

THR_PRIVATE_END

#endif
