/*
** crossqueue: a queue between interpreters: a belt of encoded items, and what
** its threads wait for.
**
** Threads of several Lua states use it at the same time: the global lock guards
** nothing.  They wait at three gates, each with a flag that says that threads
** may be parked there.  Who waits sets the flag, and then looks at the belt,
** under the mutex of the parking lot's bucket; who makes a change makes it, and
** then looks at the flag: so one of both sees the other.
**
** A thread that is about to wait looks for some microseconds first (it spins,
** one at a gate), for the other end may be busy on another processor.  While it
** does, who makes a change need not wake anybody; instead the one that spins
** does so as it ends, if there is more than it takes itself.
**
** A thread that was woken makes its change, or waits again, or passes the
** wake-up on before it raises an error.  So none is lost.
**
** Known by references: boxes in Lua states, and messages, of which some may be
** on belts.  A queue that is only on its own belt is never freed.
*/
#ifndef THR_CROSSQUEUE_H
#define THR_CROSSQUEUE_H

#include "cross/belt.h"
#include "park/label.h"

THR_PRIVATE_BEGIN

typedef struct {
  atomic_bool parked;   /* atomic: a thread may be parked here */
  atomic_bool spinning; /* atomic: a thread looks before it parks */
  atomic_int spins;     /* atomic: how often the next one looks; less than 0:
                           so many do not */
} thr_crossgate;

typedef struct thr_crossqueue {
  atomic_int refs;       /* atomic */
  thr_belt belt;
  _Atomic uint64_t done; /* atomic: task_done was called; at most belt.put */
  thr_crossgate getters, putters, joiners;
  thr_label *label;      /* const: its own, see label.h */
  struct thr_crossqueue *next, *prev; /* the list of all, its mutex */
  struct thr_crossqueue *dead;        /* own, of the thread that frees it */
} thr_crossqueue;

/* NULL: no memory.  `most`: how many items it holds; 0: no bound. */
thr_crossqueue *thr_crossqueue_new(uint64_t most);
void thr_crossqueue_unref(thr_crossqueue *q);

/* --- the Lua face --- */
struct lua_State;
void thr_crossqueue_open(struct lua_State *L);
int thr_crossqueue_create(struct lua_State *L); /* _cross_queue([maxsize]) */

THR_PRIVATE_END

#endif
