/* waits: see waits.h. */
#include "capi/waits.h"

#include "bind/args.h"
#include "capi/nogil.h"
#include "gil/gil.h"
#include "sync/event.h"
#include "sync/rlock.h"
#include "sync/semaphore.h"

/* C code has no place that could be noted. */
static int got(thr_lock *l, threading_thread *t) {
  if (thr_lock_iswatched()) thr_lock_notefromc(l, thr_nogil_record(t));
  return 1;
}

static int64_t deadline_of(double seconds) {
  if (seconds < 0 || seconds > THR_TIMEOUT_MAX) return THR_FOREVER;
  return thr_args_fromnow((int64_t)(seconds * 1e9));
}

typedef thr_parkresult waiting(void *obj, thr_tstate *ts, int64_t deadline);

static thr_parkresult wait_lock(void *l, thr_tstate *ts, int64_t deadline) {
  return thr_lock_wait(l, ts, deadline, 0);
}

static thr_parkresult wait_semaphore(void *s, thr_tstate *ts,
                                     int64_t deadline) {
  return thr_semaphore_wait(s, ts, deadline);
}

static thr_parkresult wait_event(void *e, thr_tstate *ts, int64_t deadline) {
  return thr_event_wait(e, ts, deadline);
}

/* Without the global lock: C has no place to raise a deadlock from, so that it
** is reported to another thread, and a dump can wait.  Not outside, from
** where an attached thread may not be let in again. */
static int wait(threading_thread *t, waiting *fn, void *obj, double seconds) {
  thr_tstate *ts = thr_nogil_record(t);
  int64_t deadline = deadline_of(seconds);
  bool had = ts->gil.held;
  thr_parkresult r;
  if (thr_nogil_iskept(ts)) return THREADING_STOPPED;
  if (had) thr_gil_release(ts);
  do r = fn(obj, ts, deadline);
  while (r != THR_PARK_WOKEN && r != THR_PARK_TIMEOUT &&
         !thr_nogil_stopping(t));
  if (had) thr_gil_take(ts, THR_AT_ONCE);
  if (r == THR_PARK_WOKEN) return THREADING_DONE;
  return r == THR_PARK_TIMEOUT ? THREADING_TIMEOUT : THREADING_STOPPED;
}

int thr_waits_lockwait(threading_thread *t, threading_lock *lock,
                       double seconds) {
  thr_lock *l = (thr_lock *)lock;
  int r = THREADING_DONE;
  if (!thr_lock_try(l, thr_nogil_record(t)))
    r = seconds == 0 ? THREADING_TIMEOUT : wait(t, wait_lock, l, seconds);
  if (r == THREADING_DONE) got(l, t);
  return r;
}

int thr_waits_lockacquire(threading_thread *t, threading_lock *lock) {
  thr_lock *l = (thr_lock *)lock;
  if (thr_lock_try(l, thr_nogil_record(t))) return got(l, t);
  return wait(t, wait_lock, l, -1) == THREADING_DONE && got(l, t);
}

int thr_waits_lockrelease(threading_thread *t, threading_lock *lock) {
  (void)t;
  return thr_lock_release((thr_lock *)lock);
}

int thr_waits_rlockwait(threading_thread *t, threading_rlock *lock,
                        double seconds) {
  thr_lock *l = (thr_lock *)lock;
  int r = THREADING_DONE;
  if (!thr_lock_tryagain(l, thr_nogil_record(t)))
    r = seconds == 0 ? THREADING_TIMEOUT : wait(t, wait_lock, l, seconds);
  if (r == THREADING_DONE) got(l, t);
  return r;
}

int thr_waits_rlockrelease(threading_thread *t, threading_rlock *lock) {
  return thr_rlock_release((thr_lock *)lock, thr_nogil_record(t));
}

int thr_waits_semaphorewait(threading_thread *t, threading_semaphore *sema,
                            double seconds) {
  thr_semaphore *s = (thr_semaphore *)sema;
  if (thr_semaphore_try(s)) return THREADING_DONE;
  if (seconds == 0) return THREADING_TIMEOUT;
  return wait(t, wait_semaphore, s, seconds);
}

int thr_waits_semaphorerelease(threading_semaphore *s) {
  return thr_semaphore_release((thr_semaphore *)s, 1);
}

int thr_waits_eventisset(threading_event *e) {
  return atomic_load(&((thr_event *)e)->set);
}

int thr_waits_eventwait(threading_thread *t, threading_event *e,
                        double seconds) {
  if (thr_waits_eventisset(e)) return THREADING_DONE;
  if (seconds == 0) return THREADING_TIMEOUT;
  return wait(t, wait_event, e, seconds);
}

void thr_waits_eventset(threading_event *e) { thr_event_set((thr_event *)e); }
void thr_waits_eventclear(threading_event *e) {
  thr_event_clear((thr_event *)e);
}
