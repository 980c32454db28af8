/* kept: see kept.h. */
#include "gil/kept.h"

#include "gil/rest.h"
#include "os/tuning.h"

static unsigned long long steps_of(const thr_tstate *ts) {
  return atomic_load_explicit(&ts->kept.steps, memory_order_relaxed);
}

static bool is_as_seen(const thr_gil *gil, const thr_tstate *holder) {
  const thr_gil_kept *k = &gil->kept;
  return k->holder == holder && k->turn == gil->since &&
         k->steps == steps_of(holder);
}

static void remember(thr_gil *gil, const thr_tstate *holder, int64_t now) {
  int64_t used = thr_os_timeof(holder->life.os, holder->life.native_id);
  gil->kept = (thr_gil_kept){.holder = atomic_load(&gil->holder),
                             .turn = gil->since, .steps = steps_of(holder),
                             .from = now, .used = used};
}

/* Has it computed, or does it sleep in the system?  One that had no processor
** has not; where others want that, too, it has some of the time.  What is not
** known is believed. */
static bool is_at_work(const thr_gil *gil, const thr_tstate *holder) {
  int64_t used = thr_os_timeof(holder->life.os, holder->life.native_id);
  if (used == THR_FOREVER || used - gil->kept.used >= THR_KEPT / 8) return true;
  return !holder->gil.at_mutex &&
         thr_os_activity(holder->life.os, holder->life.native_id) ==
             THR_SLEEPS;
}

static void note(const thr_gil *gil, thr_tstate *holder, int64_t now) {
  thr_ts_kept *note = &holder->kept;
  if (note->at != gil->kept.steps) note->waiting = 0;
  note->turn = gil->since;
  note->from = gil->kept.from;
  note->length = now - note->from;
  if (note->waiting < gil->queued) note->waiting = gil->queued;
  atomic_store_explicit(&note->at, gil->kept.steps, memory_order_relaxed);
}

int64_t thr_kept_look(thr_gil *gil, int64_t now) {
  thr_tstate *holder = atomic_load(&gil->holder);
  if (!holder || !holder->gil.held || gil->since == 0)
    return now + THR_KEPT_LOOK;
  if (!is_as_seen(gil, holder) || thr_rest_left(holder) > 0) {
    remember(gil, holder, now);
    return now + THR_KEPT_LOOK;
  }
  int64_t due = gil->kept.from + THR_KEPT;
  if (now < due) return due;
  if (is_at_work(gil, holder)) note(gil, holder, now);
  return now + THR_KEPT;
}

thr_kept_note thr_kept_take(thr_tstate *ts) {
  thr_gil *gil = &ts->rt->gil;
  int64_t now = thr_os_monotonic();
  atomic_store(&ts->gil.at_mutex, true); /* no sleep in a C function */
  thr_mutex_lock(&gil->m);
  atomic_store(&ts->gil.at_mutex, false);
  thr_kept_note n = {ts->kept.length, ts->kept.waiting};
  if (gil->since == ts->kept.turn) {
    n.length = now - ts->kept.from;
    if (n.waiting < gil->queued) n.waiting = gil->queued;
  }
  thr_mutex_unlock(&gil->m);
  return n;
}
