/* doze: see doze.h. */
#include "gil/doze.h"

#include "os/tuning.h"

/* Has it not run since?  Then it is where it was; and if its sleep is over, and
** the system is about to run it, a signal would spoil that, too. */
static bool is_as_seen(const thr_sight *seen, int64_t used) {
  return seen->state != THR_RUNS && used == seen->used && used != THR_FOREVER;
}

/* Has it computed since the last look, at which it did not sleep?  To come out
** of a sleep and begin the next one takes less. */
static bool has_computed(const thr_sight *before, int64_t used) {
  return before->state == THR_WAITS &&
         (used == THR_FOREVER || used - before->used >= THR_COMPUTED);
}

/* By another thread: the holder sleeps. */
static void note_asleep(thr_tstate *holder) {
  long long none = 0;
  atomic_compare_exchange_strong(&holder->kept.asked, &none,
                                 -thr_os_monotonic());
}

static thr_activity look(thr_tstate *holder, thr_sight *seen) {
  thr_sight before = *seen;
  seen->state = thr_os_activity(holder->life.os, holder->life.native_id);
  seen->used = thr_os_timeof(holder->life.os, holder->life.native_id);
  bool sleeps = seen->state == THR_SLEEPS;
  if (sleeps && !holder->gil.at_mutex) {
    atomic_store_explicit(&holder->gil.dozes, true, memory_order_relaxed);
    seen->sleeps++;
    if (thr_tstate_tracer(holder)) note_asleep(holder);
  } else if (!sleeps &&
             (!holder->gil.dozes || has_computed(&before, seen->used))) {
    seen->state = THR_RUNS;
  } else {
    seen->state = THR_WAITS;
  }
  return seen->state;
}

thr_activity thr_doze_look(thr_tstate *holder, thr_sight *seen) {
  int64_t used = thr_os_timeof(holder->life.os, holder->life.native_id);
  thr_activity state =
      is_as_seen(seen, used) ? seen->state : look(holder, seen);
  return seen->sleeps < THR_MAX_SLEEPS ? state : THR_RUNS;
}
