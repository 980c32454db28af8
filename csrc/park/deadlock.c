/* deadlock: see deadlock.h. */
#include "park/deadlock.h"

static thr_tstate *thread_by_ident(thr_runtime *rt, uint64_t ident) {
  thr_tstate *ts = rt->threads;
  while (ts && ts->ident != ident) ts = ts->next;
  return ts;
}

/* The thread whose wait must end before this one can.  NULL: one that is awake,
** or will be, may end it. */
static thr_tstate *next_in_circle(const thr_tstate *ts) {
  const thr_wait *wait = &ts->wait.on;
  bool follow =
      wait->owner_only || ts->rt->deadlock.policy == THR_DEADLOCK_CYCLE;
  if (!ts->wait.active || !wait->unbounded || !wait->owner || !follow)
    return NULL;
  if (ts->wait.over) return NULL;
  uint64_t ident = wait->owner(wait->addr);
  return ident != 0 ? thread_by_ident(ts->rt, ident) : NULL;
}

/* A circle that does not lead back to self is not self's, and ends the walk
** after as many steps as there are threads. */
static bool closes_circle(thr_tstate *self) {
  int steps = self->rt->alive + 1;
  thr_tstate *ts = next_in_circle(self);
  while (ts && ts != self && steps-- > 0) ts = next_in_circle(ts);
  return ts == self;
}

static void report_to_another(thr_tstate *self) {
  thr_tstate *ts = next_in_circle(self);
  while (ts != self && !ts->wait.on.reportable) ts = next_in_circle(ts);
  if (ts != self) thr_lot_enddeadlock(ts);
}

bool thr_deadlock_publish(thr_waiter *w) {
  thr_tstate *ts = w->ts;
  thr_mutex_lock(&ts->rt->m);
  ts->wait.over = false;
  ts->wait.on = (thr_wait){w->what, w->object, w->addr, w->owner, w->owner_only,
                           w->unbounded, w->reportable};
  ts->wait.active = true;
  ts->wait.number = ++ts->rt->deadlock.waits;
  bool ok = ts->rt->deadlock.policy == THR_DEADLOCK_OFF || !closes_circle(ts);
  if (!ok && !w->reportable) {
    report_to_another(ts);
    ok = true;
  }
  ts->wait.active = ok;
  thr_mutex_unlock(&ts->rt->m);
  return ok;
}

void thr_deadlock_unpublish(thr_tstate *ts) {
  thr_mutex_lock(&ts->rt->m);
  ts->wait.active = false;
  thr_mutex_unlock(&ts->rt->m);
}

/* While a thread ends the process, a deadlock is no error of the program: that
** thread is told under each policy, and gives up its wait; no other is. */
bool thr_deadlock_isreportable(const thr_tstate *ts) {
  const thr_tstate *ender = ts->rt->end.ender;
  return ender ? ender == ts : ts->rt->deadlock.policy != THR_DEADLOCK_OFF;
}

/* Of the waits that can be reported, the one that began last.  (It may have
** begun before a thread began to end the process.) */
static thr_tstate *last_to_wait(thr_runtime *rt) {
  thr_tstate *last = NULL;
  for (thr_tstate *ts = rt->threads; ts; ts = ts->next)
    if (ts->wait.active && ts->wait.on.reportable &&
        thr_deadlock_isreportable(ts) &&
        (!last || ts->wait.number > last->wait.number))
      last = ts;
  return last;
}

/* The thread whose wait is ended counts as awake, so that there are not two. */
void thr_deadlock_check(thr_runtime *rt) {
  if (rt->deadlock.awake != 0) return;
  thr_mutex_lock(&rt->m);
  thr_tstate *last = last_to_wait(rt);
  if (last && rt->deadlock.awake == 0) thr_lot_enddeadlock(last);
  thr_mutex_unlock(&rt->m);
}

void thr_deadlock_lower(thr_runtime *rt) {
  if (atomic_fetch_sub(&rt->deadlock.awake, 1) == 1) thr_deadlock_check(rt);
}

void thr_deadlock_recount(const void *addr, const atomic_int *retained) {
  thr_runtime *rt;
  while ((rt = thr_lot_recount(addr, retained))) {
    thr_deadlock_check(rt);
    thr_runtime_unref(rt);
  }
}
