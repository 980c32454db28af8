/*
** queue: items that threads hand to each other.
**
** The queue is guarded by the global lock: what is done without calling Lua
** is atomic.  Threads wait at one of three gates.
**
** A thread that was woken at a gate makes its change, or waits again, or wakes
** the next one before it does what may raise an error.  So no wake-up is lost.
*/
#ifndef THR_QUEUE_H
#define THR_QUEUE_H

#include "park/gate.h"
#include "park/label.h"
#include "queue/slots.h"

THR_PRIVATE_BEGIN

typedef struct {
  thr_slots items;           /* gil */
  int64_t maxsize;           /* const; 0 or less: no bound */
  int64_t unfinished;        /* gil: put, and not yet task_done */
  bool closed;               /* gil: shutdown was called */
  thr_label *label;          /* const: its own, see label.h */
  thr_gate getters, putters, joiners; /* gil */
} thr_queue;

void thr_queue_drop(void *arg);
static inline int64_t thr_queue_size(const thr_queue *q) {
  return q->items.row.n;
}

/* --- the Lua face --- */
struct lua_State;
void thr_queue_open(struct lua_State *L);
thr_queue *thr_queue_check(struct lua_State *L, int arg);
int thr_queue_create(struct lua_State *L);
int thr_queue_createlifo(struct lua_State *L);
int thr_queue_createpriority(struct lua_State *L);

/* For another face of the same; the box at stack index 1, the arguments from
** 2 on. */
struct thr_kind;
int thr_queue_box(struct lua_State *L, const struct thr_kind *type,
                  thr_order order, int64_t maxsize, const char *name);
int thr_queue_put(struct lua_State *L, thr_queue *q);
/* Leaves on top the item, or nil and why there is none; returns how many values
** these are.  0 as deadline: does not wait. */
int thr_queue_take(struct lua_State *L, thr_queue *q, int64_t deadline);
int thr_queue_get(struct lua_State *L, thr_queue *q);
int thr_queue_putnowait(struct lua_State *L, thr_queue *q);
int thr_queue_getnowait(struct lua_State *L, thr_queue *q);

THR_PRIVATE_END

#endif
