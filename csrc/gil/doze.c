/* doze: see doze.h. */
#include "gil/doze.h"

#include "os/tuning.h"

/* Has it not run since?  Then it is where it was; and if its sleep is over, and
** the system is about to run it, a signal would spoil that, too. */
static bool is_as_seen(const thr_sight *seen, int64_t used) {
  return seen->state != THR_RUNS && used == seen->used && used != THR_FOREVER;
}

static thr_activity look(thr_tstate *holder, thr_sight *seen) {
  thr_activity before = seen->state;
  seen->state = thr_os_activity(holder->life.os, holder->life.native_id);
  seen->used = thr_os_timeof(holder->life.os, holder->life.native_id);
  if (seen->state == THR_SLEEPS) {
    atomic_store_explicit(&holder->gil.dozes, true, memory_order_relaxed);
    seen->sleeps++;
  } else if (before == THR_WAITS || !holder->gil.dozes) {
    seen->state = THR_RUNS; /* it ran in between, or has never slept */
  }
  return seen->state;
}

thr_activity thr_doze_look(thr_tstate *holder, thr_sight *seen) {
  int64_t used = thr_os_timeof(holder->life.os, holder->life.native_id);
  thr_activity state =
      is_as_seen(seen, used) ? seen->state : look(holder, seen);
  return seen->sleeps < THR_MAX_SLEEPS ? state : THR_RUNS;
}
