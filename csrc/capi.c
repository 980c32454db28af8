/* capi: the table of functions behind threading.h. */
#include "capi.h"

#include <errno.h>

#include "face.h"
#include "gil.h"
#include "include/threading.h"
#include "lock.h"
#include "preempt.h"
#include "value.h"

static thr_tstate *record(threading_thread *t) { return (thr_tstate *)t; }

static threading_thread *self(lua_State *L) {
  const void *id = lua_topointer(L, LUA_REGISTRYINDEX);
  return (threading_thread *)thr_tstate_current(id);
}

static void release(threading_thread *t) {
  int saved = errno;
  thr_tstate *ts = record(t);
  ts->nogil = true;
  thr_gil_release(ts);
  errno = saved;
}

static void take(threading_thread *t) {
  int saved = errno;
  record(t)->nogil = false;
  thr_gil_take(record(t), THR_AT_ONCE);
  errno = saved;
}

/* A handler of Ctrl-C sets a hook on the main state, from the main thread:
** reading it there is safe. */
static int stopping(threading_thread *t) {
  thr_tstate *ts = record(t);
  unsigned deaf = ts->deaf | THR_PENDING_DUMP; /* that can wait */
  if (atomic_load_explicit(&ts->pending, memory_order_relaxed) & ~deaf)
    return 1;
  return thr_preempt_signalled(ts);
}

static threading_lock *tolock(lua_State *L, int arg) {
  return (threading_lock *)thr_lock_test(L, arg);
}

static int64_t *toint64(lua_State *L, int arg) {
  thr_value *v = thr_value_test(L, arg);
  return v && v->type == THR_INT64 ? (int64_t *)&v->u.i : NULL;
}

static double *tofloat64(lua_State *L, int arg) {
  thr_value *v = thr_value_test(L, arg);
  return v && v->type == THR_FLOAT64 ? (double *)&v->u.d : NULL;
}

/* Of C code nobody knows a place. */
static int got(thr_lock *l) {
  if (thr_lock_debug) l->acquired_at[0] = '\0';
  return 1;
}

static int lock_acquire(threading_thread *t, threading_lock *lock) {
  thr_tstate *ts = record(t);
  thr_lock *l = (thr_lock *)lock;
  while (!thr_lock_try(l, ts))
    switch (thr_lock_wait(l, ts, THR_FOREVER, 0)) {
      case THR_PARK_WOKEN: return got(l);
      case THR_PARK_INTERRUPTED:
        if (stopping(t)) return 0;
        break;
      default: break;
    }
  return got(l);
}

static int lock_release(threading_thread *t, threading_lock *lock) {
  (void)t;
  return thr_lock_release((thr_lock *)lock);
}

static const threading_api api = {
    .version = THREADING_VERSION,
    .size = sizeof(threading_api),
    .self = self,
    .release = release,
    .take = take,
    .stopping = stopping,
    .tolock = tolock,
    .toint64 = toint64,
    .tofloat64 = tofloat64,
    .lock_acquire = lock_acquire,
    .lock_release = lock_release,
};

void thr_capi_open(lua_State *L) {
  lua_pushlightuserdata(L, (void *)&api);
  lua_setfield(L, LUA_REGISTRYINDEX, THREADING_API_FIELD);
}
