/*
** ring: the events of one thread, on their way to the file.
**
** Laws
** - The thread itself puts them; but for a thread that does not exist yet, or
**   could not be started, the one that starts it.  The writer takes them.
** - What finds no room is dropped and counted.  The next event says so, for
**   what the thread did in between is unknown.
** - A ring has a reference for its thread, until that ends, one for the writer,
**   while it is in its list, and one to the thread's record.
*/
#ifndef THR_RING_H
#define THR_RING_H

#include "gil/record.h"
#include "os/tuning.h"
#include "trace/texts.h"

THR_PRIVATE_BEGIN

typedef enum {
  THR_EVENT_NONE,
  THR_EVENT_STARTED, /* its OS thread may not live yet */
  /* what it does from now on: */
  THR_EVENT_LUA,
  THR_EVENT_READY,
  THR_EVENT_WAIT,
  THR_EVENT_FD,     /* waits for a descriptor */
  THR_EVENT_C,      /* in C without the global lock */
  THR_EVENT_KERNEL, /* in a compiled function */
  THR_EVENT_ENDED,
  /* and meanwhile: */
  THR_EVENT_SPAN, /* the program's own, from `since` to `at` */
  THR_EVENT_KEPT, /* a function of C kept the global lock, likewise */
  THR_EVENT_MARK,
  THR_EVENT_COUNTS /* `since`: bytes; `other`: threads that can run */
} thr_eventkind;

typedef struct {
  int64_t at; /* when, of the monotonic clock */
  int64_t since;
  uint64_t other;    /* ident of who woke it, or had the lock before; or 0 */
  int64_t other_pid; /* of that one's interpreter */
  uint8_t kind;      /* thr_eventkind */
  bool lost;         /* others, before it, have found no room */
  thr_text name;     /* what it waits for; a function; a name */
  thr_text type;     /* an object's */
  thr_text place;
  thr_text held_by, held_at; /* what it waits for, in that thread */
} thr_event;

/* What the writer knows of the thread; all its own. */
typedef struct {
  thr_event now;  /* what it does, if its kind is a state */
  bool begun;     /* that has been written as begun */
  char name[THR_NAMESIZE]; /* as it has been written */
} thr_track;

typedef struct thr_ring {
  thr_traced traced; /* first: what is known outside of trace */
  thr_tstate *ts;    /* const, with a reference */
  atomic_int refs;
  atomic_uint put;   /* own to write: how many were put, */
  atomic_uint taken; /* the writer's to write: and taken */
  atomic_bool ended; /* own to write: nothing more comes */
  atomic_llong dropped; /* own to write */
  bool lossy;        /* own: something was dropped since the last event */
  thr_event state;   /* own: what the thread does */
  thr_event outside; /* own: what it does without the lock, but for waits */
  thr_event initial; /* const while recorded: what it did at the beginning */
  int64_t before;    /* const while recorded: were dropped until then */
  thr_track track;
  struct thr_ring *next; /* the writer's */
  thr_event of[THR_TRACE_RING];
} thr_ring;

thr_ring *thr_ring_new(thr_tstate *ts, const thr_trace_calls *calls);
void thr_ring_ref(thr_ring *r);
void thr_ring_unref(thr_ring *r);

/* True: the ring has just become half full. */
bool thr_ring_put(thr_ring *r, const thr_event *e);
/* False: it is empty. */
bool thr_ring_take(thr_ring *r, thr_event *e);

THR_PRIVATE_END

#endif
