/* flight: see flight.h. */
#include "kernel/flight.h"

#include "bind/pending.h"
#include "gil/ctrlc.h"
#include "gil/gil.h"
#include "os/tuning.h"
#include "sync/lock.h"

/* A dump can wait. */
static unsigned heard(const thr_tstate *ts) {
  return ~(ts->asked.masked | THR_PENDING_DUMP);
}

/* --- the lock --- */

static void go_out(thr_flight *f) {
  const thr_trace_calls *tracer = thr_tstate_tracer(f->ts);
  if (tracer) tracer->compiled(f->ts);
  atomic_store_explicit(&f->ts->gil.nogil, true, memory_order_relaxed);
  thr_gil_release(f->ts);
}

static void come_in(thr_flight *f) {
  atomic_store_explicit(&f->ts->gil.nogil, false, memory_order_relaxed);
  thr_gil_take(f->ts, THR_AT_ONCE);
}

/* --- what the function calls --- */

/* No word tells the main thread that a signal handler has set a hook: it is
** sent here now and then. */
static const unsigned always = 1;

static void listen(thr_flight *f) {
  thr_tstate *ts = f->ts;
  f->run.pending =
      ts->signals ? &always : (const unsigned *)&ts->asked.pending;
  f->run.heard = ts->signals ? always : heard(ts);
  f->run.turns = ts->signals ? f->polls : 1;
}

/* A poll may stand for a nanosecond or for milliseconds: that is measured.  A
** first pause comes early, and tells nothing. */
static void pace(thr_flight *f) {
  int64_t now = thr_os_monotonic();
  int64_t passed = f->paused ? now - f->paused : 0;
  f->paused = now;
  if (passed > THR_PAUSE)
    f->polls = (int)((int64_t)f->polls * THR_PAUSE / passed) + 1;
  else if (f->polls < THR_POLLS)
    f->polls *= 2;
}

static bool is_asked(thr_tstate *ts) {
  unsigned pending =
      atomic_load_explicit(&ts->asked.pending, memory_order_relaxed);
  return (pending & heard(ts)) || thr_ctrlc_signalled(ts);
}

static void serve(thr_flight *f) {
  come_in(f);
  if (thr_pending_trydisturbed(f->L, THR_PARK_INTERRUPTED) < 0)
    thr_os_jump(f->out, THR_FLIGHT_STOPPED);
  go_out(f);
}

static void pause(threading_run *run) {
  thr_flight *f = (thr_flight *)run;
  if (is_asked(f->ts)) serve(f);
  if (f->ts->signals) pace(f);
  listen(f);
}

static bool copy(threading_val *to, const threading_val *from) {
  if (from) *to = *from;
  return from != NULL;
}

static void fail(threading_run *run, int site, const threading_val *a,
                 const threading_val *b) {
  thr_flight *f = (thr_flight *)run;
  f->site = site;
  f->has_a = copy(&f->a, a);
  f->has_b = copy(&f->b, b);
  thr_os_jump(f->out, THR_FLIGHT_FAILED);
}

/* A deadlock is raised in another thread, or ends this wait by a stop. */
static int acquire(threading_run *run, void *lock) {
  thr_flight *f = (thr_flight *)run;
  bool got = thr_lock_try(lock, f->ts);
  while (!got &&
         thr_lock_wait(lock, f->ts, THR_FOREVER, 0) != THR_PARK_WOKEN)
    if (is_asked(f->ts)) serve(f);
  if (thr_lock_iswatched()) thr_lock_notefromc(lock, f->ts);
  return 1;
}

static int release(threading_run *run, void *lock) {
  (void)run;
  return thr_lock_release(lock);
}

/* --- the run --- */

/* For what may raise, wait or loop. */
static void prepare(thr_flight *f) {
  f->run.pause = pause;
  f->run.fail = fail;
  f->run.lock_acquire = acquire;
  f->run.lock_release = release;
  f->run.stack_limit = thr_os_stacklimit();
  f->polls = THR_POLLS / 16;
  f->paused = 0;
  listen(f);
}

static thr_flightend enter(thr_flight *f) {
  int end = thr_os_setjump(f->out);
  if (end == THR_FLIGHT_RETURNED) f->entry(&f->run);
  return (thr_flightend)end;
}

thr_flightend thr_flight_run(thr_flight *f, const threading_val *in,
                             bool leaps) {
  thr_flightend end = THR_FLIGHT_RETURNED;
  f->run.in = in;
  f->run.out = f->results;
  if (leaps) prepare(f);
  go_out(f);
  if (leaps) end = enter(f);
  else f->entry(&f->run);
  if (end != THR_FLIGHT_STOPPED) come_in(f);
  return end;
}
