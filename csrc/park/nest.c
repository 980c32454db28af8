/* nest: see nest.h. */
#include "park/nest.h"

#include "gil/ctrlc.h"

void thr_nest_enter(thr_tstate *outer, thr_tstate *inner) {
  thr_ctrlc_follow(outer);
  inner->nest.outer = outer;
  inner->asked.masked = outer->asked.masked;
  thr_mutex_lock(&outer->nest.m);
  outer->nest.inner = inner;
  outer->nest.passed = atomic_exchange(&outer->asked.pending, 0);
  atomic_fetch_or(&inner->asked.pending, outer->nest.passed);
  thr_mutex_unlock(&outer->nest.m);
}

void thr_nest_leave(thr_tstate *inner) {
  thr_tstate *outer = inner->nest.outer;
  thr_mutex_lock(&outer->nest.m);
  outer->nest.inner = NULL;
  unsigned left = atomic_exchange(&inner->asked.pending, 0);
  if (!(outer->nest.passed & THR_PENDING_STOP)) left &= ~THR_PENDING_STOP;
  atomic_fetch_or(&outer->asked.pending, left);
  thr_mutex_unlock(&outer->nest.m);
  inner->nest.outer = NULL;
}

/* Under its mutex: else the inner record might be gone. */
static void wake_innermost(thr_tstate *ts) {
  thr_mutex_lock(&ts->nest.m);
  thr_tstate *inner = ts->nest.inner;
  if (inner) wake_innermost(inner);
  else thr_sem_post(&ts->sleep.sem);
  thr_mutex_unlock(&ts->nest.m);
}

static bool wake_main(void *arg, thr_runtime *rt) {
  (void)arg;
  if (rt->main->signals) wake_innermost(rt->main);
  return rt->main->signals;
}

void thr_nest_looksignals(thr_runtime *rt) {
  thr_runtime_any(rt->member.group, wake_main, NULL);
}
