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
  const thr_wait *wait = &ts->wait;
  bool follow = wait->owner_only || ts->rt->policy == THR_DEADLOCK_CYCLE;
  if (!ts->waiting || !wait->unbounded || !wait->owner || !follow) return NULL;
  if (ts->wait_over) return NULL;
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
  while (ts != self && !ts->wait.reportable) ts = next_in_circle(ts);
  if (ts != self) thr_lot_enddeadlock(ts);
}

bool thr_deadlock_publish(thr_waiter *w) {
  thr_tstate *ts = w->ts;
  thr_mutex_lock(&ts->rt->m);
  ts->wait_over = false;
  ts->wait = (thr_wait){w->what, w->object, w->addr, w->owner, w->owner_only,
                        w->unbounded, w->reportable};
  ts->waiting = true;
  ts->wait_number = ++ts->rt->waits;
  bool ok = ts->rt->policy == THR_DEADLOCK_OFF || !closes_circle(ts);
  if (!ok && !w->reportable) {
    report_to_another(ts);
    ok = true;
  }
  ts->waiting = ok;
  thr_mutex_unlock(&ts->rt->m);
  return ok;
}

void thr_deadlock_unpublish(thr_tstate *ts) {
  thr_mutex_lock(&ts->rt->m);
  ts->waiting = false;
  thr_mutex_unlock(&ts->rt->m);
}

/* While a thread ends the process, a deadlock is no error of the program: that
** thread is told under each policy, and gives up its wait; no other is. */
bool thr_deadlock_isreportable(const thr_tstate *ts) {
  const thr_tstate *ender = ts->rt->ender;
  return ender ? ender == ts : ts->rt->policy != THR_DEADLOCK_OFF;
}

/* Of the waits that can be reported, the one that began last.  (It may have
** begun before a thread began to end the process.) */
static thr_tstate *last_to_wait(thr_runtime *rt) {
  thr_tstate *last = NULL;
  for (thr_tstate *ts = rt->threads; ts; ts = ts->next)
    if (ts->waiting && ts->wait.reportable && thr_deadlock_isreportable(ts) &&
        (!last || ts->wait_number > last->wait_number))
      last = ts;
  return last;
}

/* The thread whose wait is ended counts as awake, so that there are not two. */
void thr_deadlock_check(thr_runtime *rt) {
  if (rt->awake != 0) return;
  thr_mutex_lock(&rt->m);
  thr_tstate *last = last_to_wait(rt);
  if (last && rt->awake == 0) thr_lot_enddeadlock(last);
  thr_mutex_unlock(&rt->m);
}

void thr_deadlock_lower(thr_runtime *rt) {
  if (atomic_fetch_sub(&rt->awake, 1) == 1) thr_deadlock_check(rt);
}

void thr_deadlock_recount(const void *addr, const atomic_int *retained) {
  thr_runtime *rt;
  while ((rt = thr_lot_recount(addr, retained))) {
    thr_deadlock_check(rt);
    thr_runtime_unref(rt);
  }
}
