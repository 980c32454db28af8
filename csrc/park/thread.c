/* thread: see thread.h. */
#include "park/thread.h"

#include <errno.h>

#include "gil/ctrlc.h"
#include "gil/gil.h"
#include "gil/preempt.h"
#include "os/tuning.h"
#include "park/deadlock.h"

void thr_thread_leave(thr_tstate *ts) {
  thr_runtime *rt = ts->rt;
  thr_preempt_enter(ts); /* no hook any more: its state may be collected */
  int left = thr_tstate_delist(ts);
  if (rt->alive == 0) thr_ctrlc_relay(ts);
  if (!ts->nest.foreign) thr_tstate_retire(ts);
  thr_gil_release(ts);
  atomic_store(&ts->life.phase, THR_STOPPED);
  thr_unpark_all(&ts->life.phase);
  if (left <= 1 || rt->end.closing) { /* 1: it may itself wait for the others */
    thr_unpark_all(&rt->nondaemons);
    thr_unpark_all(&rt->alive);
  }
  /* after those that waited for just this */
  if (!ts->nest.uncounted) thr_deadlock_lower(rt);
}

/* Store native_id, then load id_awaited; who waits stores that, and then loads
** native_id: one of both sees the other.  (To look for waiters at each start
** would take longer, the more threads there are.) */
static void tell_nativeid(thr_tstate *ts) {
  atomic_store(&ts->life.native_id, thr_os_nativeid());
  if (atomic_load(&ts->life.id_awaited)) thr_unpark_all(&ts->life.native_id);
}

static void *os_main(void *arg) {
  thr_tstate *ts = arg;
  thr_tstate_bind(ts);
  thr_tstate_unref(ts); /* the starter's share, now the binding's */
  if (ts->explored) ts->rt->calls.explore->arrive(ts);
  ts->life.os = thr_os_self();
  tell_nativeid(ts);
  thr_tstate_joinretired(ts->retired_next);
  thr_gil_take(ts, THR_SOON);
  thr_os_setname(ts->life.name);
  ts->life.body(ts);
  if (ts->explored) ts->rt->calls.explore->ending(ts);
  thr_thread_leave(ts);
  if (ts->explored) ts->rt->calls.explore->leave(ts);
  thr_tstate_unbind(ts);
  return NULL;
}

int thr_thread_start(thr_tstate *self, thr_tstate *ts) {
  thr_runtime *rt = ts->rt;
  if (self->explored && !rt->calls.explore->add(self, ts)) return ENOMEM;
  ts->retired_next = thr_tstate_takeretired(rt, THR_RETIRED_KEPT);
  atomic_store(&ts->life.phase, THR_STARTED);
  thr_tstate_ref(ts); /* the OS thread's, until it has bound it */
  thr_tstate_enlist(ts);
  thr_osthread os; /* the thread itself stores it: it may be quicker */
  int err = thr_os_start(&os, rt->stack, os_main, ts);
  if (err != 0) {
    thr_tstate_giveretired(rt, ts->retired_next);
    thr_tstate_delist(ts);
    rt->member.group->awake--;
    if (ts->explored) rt->calls.explore->drop(ts);
    atomic_store(&ts->life.phase, THR_INITIAL);
    thr_tstate_unref(ts);
  } else if (rt->alive == 1) {
    thr_ctrlc_relay(self);
  }
  thr_preempt_hurry(self);
  return err;
}

static bool still_alive(thr_waiter *w) {
  return *(const atomic_int *)w->addr != THR_STOPPED;
}

/* The thread whose phase is at addr. */
static uint64_t ident_of(const void *addr) {
  const thr_tstate *ts =
      (const void *)((const char *)addr - offsetof(thr_tstate, life.phase));
  return ts->life.phase == THR_STOPPED ? 0 : ts->ident;
}

thr_parkresult thr_thread_wait(thr_tstate *self, thr_tstate *ts,
                               int64_t deadline) {
  thr_waiter w = thr_waiter_on(self, &ts->life.phase, "thread");
  w.validate = still_alive;
  w.owner = ident_of;
  w.owner_only = true;
  thr_parkresult r = THR_PARK_WOKEN;
  if (ts->life.phase != THR_STOPPED) r = thr_park(&w, deadline);
  return r == THR_PARK_CHANGED ? THR_PARK_WOKEN : r;
}

static bool still_unborn(thr_waiter *w) {
  return *(const atomic_llong *)w->addr == 0;
}

int64_t thr_thread_nativeid(thr_tstate *self, thr_tstate *ts) {
  thr_waiter w =
      thr_waiter_on(self, &ts->life.native_id, "a thread to be born");
  w.validate = still_unborn;
  atomic_store(&ts->life.id_awaited, true);
  while (ts->life.native_id == 0 && !self->asked.pending)
    thr_park(&w, THR_FOREVER);
  return ts->life.native_id;
}
