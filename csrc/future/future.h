/*
** future: a call that somebody else makes, and its outcome.
**
** Guarded by the global lock, as the queue is: a change of state is atomic.
** What is called, unless C has it (see `call`), the outcome, and the listeners
** are in user values of the box: see call.h, listeners.h.
*/
#ifndef THR_FUTURE_H
#define THR_FUTURE_H

#include "park/gate.h"
#include "park/label.h"

THR_PRIVATE_BEGIN

typedef enum {
  THR_FUTURE_PENDING,
  THR_FUTURE_RUNNING,
  THR_FUTURE_CANCELLED, /* from here on it is done */
  THR_FUTURE_FAILED,
  THR_FUTURE_RETURNED
} thr_futurestate;

typedef struct {
  thr_futurestate state; /* gil */
  thr_gate gate;         /* gil: where threads wait until it is done */
  void *call;            /* gil: what is called, where C has it; else NULL */
  void (*drop)(void *call); /* const, once there is a call */
  thr_label *label; /* const: its own, see label.h; never a name */
  struct thr_unheard *unheard; /* gil: until somebody asks for its error; NULL
                                  but for debugging */
} thr_future;

/* The call is being made; false: it shall not be. */
bool thr_future_begin(thr_future *f);

/* --- the Lua face --- */
struct lua_State;
void thr_future_open(struct lua_State *L);
int thr_future_create(struct lua_State *L); /* _future(fn, ...) */
/* Pushes one that has nothing to call yet. */
thr_future *thr_future_new(struct lua_State *L);
/* Its call in C, which is the caller's now. */
void *thr_future_takecall(thr_future *f);
int thr_future_is(struct lua_State *L);     /* _is_future(value) */
thr_future *thr_future_check(struct lua_State *L, int arg);

/* For the future at stack index 1; raise what thr_listeners_notify does, when
** all is done.  The call is over, and its outcome kept: */
void thr_future_end(struct lua_State *L, thr_future *f, bool ok);
/* If it has not begun; returns whether it is cancelled. */
bool thr_future_cancel(struct lua_State *L, thr_future *f);

THR_PRIVATE_END

#endif
