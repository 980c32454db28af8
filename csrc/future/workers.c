/* workers: see workers.h. */
#include "future/workers.h"

#include "bind/box.h"
#include "bind/unwind.h"
#include "future/call.h"
#include "future/future.h"
#include "queue/queue.h"

/* [queue, x, ..., future] -> [future, queue, x] */
static thr_future *take_up(lua_State *L) {
  lua_insert(L, 1);
  lua_settop(L, 3);
  thr_future *f = thr_future_check(L, 1);
  thr_box_keep(L, 1);
  return f;
}

/* The worker itself was asked to end, in the middle of the call: that is the
** outcome of the call, and the worker ends. */
static void raise_asked(lua_State *L) {
  lua_getiuservalue(L, 1, THR_CALL_CONTENT);
  if (thr_unwind_isasked(L, -1)) lua_error(L);
  lua_pop(L, 1);
}

int thr_workers_serveby(lua_State *L, bool (*make)(lua_State *L)) {
  while (thr_queue_take(L, thr_queue_check(L, 1), THR_FOREVER) == 1) {
    thr_future *f = take_up(L);
    if (thr_future_begin(f)) {
      bool ok = make(L);
      thr_future_end(L, f, ok);
      if (!ok) raise_asked(L);
    }
    lua_remove(L, 1);
  }
  return 0;
}

static bool make_here(lua_State *L) { return thr_call_make(L, 3); }

int thr_workers_serve(lua_State *L) {
  lua_settop(L, 1);
  thr_call_pushhandler(L);
  return thr_workers_serveby(L, make_here);
}

int thr_workers_relay(lua_State *L) {
  lua_settop(L, 1);
  return thr_workers_serveby(L, thr_call_relay);
}

int thr_workers_empty(lua_State *L) {
  lua_settop(L, 2);
  while (thr_queue_take(L, thr_queue_check(L, 1), 0) == 1) {
    thr_future *f = take_up(L);
    if (lua_isnil(L, 3)) {
      thr_future_cancel(L, f);
    } else if (thr_future_begin(f)) {
      lua_pushvalue(L, 3);
      thr_call_fail(L);
      thr_future_end(L, f, false);
    }
    lua_remove(L, 1);
  }
  return 0;
}

int thr_workers_lacksworker(lua_State *L) {
  const thr_queue *q = thr_queue_check(L, 1);
  lua_pushboolean(L, thr_queue_size(q) > q->getters.waiting);
  return 1;
}
