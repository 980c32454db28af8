/* deadlock: see deadlock.h. */
#include "park/deadlock.h"

/* --- circles --- */

/* The ident of the thread that alone can end this wait; 0: there is none. */
static uint64_t only_owner(const thr_wait *wait, int policy) {
  bool follow = wait->owner_only || policy == THR_DEADLOCK_CYCLE;
  if (!wait->unbounded || !wait->owner || !follow) return 0;
  return wait->owner(wait->addr);
}

/* Where one is in a circle that is followed. */
typedef struct {
  int policy;
  uint64_t ident;           /* the thread that is looked for */
  unsigned long long until; /* no wait that is younger is in the circle */
  unsigned long long youngest; /* of the waits that were met */
  bool report;              /* to the first one that can be told */
} circle;

/* Follows the wait of the thread that is looked for, if it is here. */
static bool step(void *arg, thr_runtime *rt) {
  circle *c = arg;
  thr_tstate *ts = rt->threads;
  while (ts && (ts->ident != c->ident || !ts->wait.active)) ts = ts->next;
  if (!ts) return false;
  bool lasts = !ts->wait.over && ts->wait.number <= c->until;
  if (lasts && ts->wait.number > c->youngest) c->youngest = ts->wait.number;
  c->ident = lasts ? only_owner(&ts->wait.on, c->policy) : 0;
  if (lasts && c->report && ts->wait.on.reportable) {
    c->report = false;
    thr_lot_enddeadlock(ts);
  }
  return true;
}

/* Does it lead back to self?  One that goes round elsewhere meets a thread
** again that is marked: one is after 1, 2, 4 ... steps. */
static bool leads_back(const thr_tstate *self, circle *c) {
  uint64_t marked = 0;
  unsigned steps = 0, mark_after = 1;
  c->ident = only_owner(&self->wait.on, c->policy);
  while (c->ident != 0 && c->ident != self->ident && c->ident != marked) {
    if (++steps == mark_after) {
      marked = c->ident;
      mark_after *= 2;
    }
    if (!thr_runtime_any(self->rt->member.group, step, c)) return false;
  }
  return c->ident == self->ident;
}

/* Does the wait that self has just published close a circle, of which it is the
** youngest?  An older one need not look: the youngest finds it, too. */
static bool closes_circle(thr_tstate *self) {
  thr_group *group = self->rt->member.group;
  circle c = {.policy = group->policy, .until = group->waits};
  return c.policy != THR_DEADLOCK_OFF && leads_back(self, &c) &&
         c.youngest < self->wait.number;
}

static void report_to_another(thr_tstate *self) {
  thr_group *group = self->rt->member.group;
  circle c = {.policy = group->policy, .until = group->waits, .report = true};
  leads_back(self, &c);
}

static void publish(thr_waiter *w) {
  thr_tstate *ts = w->ts;
  thr_mutex_lock(&ts->rt->m);
  ts->wait.over = false;
  ts->wait.on = (thr_wait){w->what,       w->object,    w->label,
                           w->addr,       w->owner,     w->owner_only,
                           w->unbounded,  w->reportable};
  ts->wait.active = true;
  ts->wait.number = atomic_fetch_add(&ts->rt->member.group->waits, 1) + 1;
  thr_mutex_unlock(&ts->rt->m);
}

bool thr_deadlock_publish(thr_waiter *w) {
  publish(w);
  if (!w->owner || !closes_circle(w->ts)) return true;
  if (w->reportable) thr_deadlock_unpublish(w->ts);
  else report_to_another(w->ts);
  return !w->reportable;
}

void thr_deadlock_unpublish(thr_tstate *ts) {
  thr_mutex_lock(&ts->rt->m);
  ts->wait.active = false;
  thr_mutex_unlock(&ts->rt->m);
}

/* --- all --- */

/* While a thread ends the process, a deadlock is no error of the program: that
** thread is told under each policy, and gives up its wait; no other is. */
bool thr_deadlock_isreportable(const thr_tstate *ts) {
  const thr_tstate *ender = ts->rt->end.ender;
  return ender ? ender == ts
               : ts->rt->member.group->policy != THR_DEADLOCK_OFF;
}

static bool may_tell(const thr_tstate *ts) {
  return ts->wait.active && ts->wait.on.reportable &&
         thr_deadlock_isreportable(ts);
}

/* Of the waits that can be reported, the one that began last.  (It may have
** begun before a thread began to end the process.) */
static bool find_last(void *arg, thr_runtime *rt) {
  unsigned long long *last = arg;
  for (thr_tstate *ts = rt->threads; ts; ts = ts->next)
    if (may_tell(ts) && ts->wait.number > *last) *last = ts->wait.number;
  return false;
}

/* The thread whose wait is ended counts as awake, so that there are not two. */
static bool tell_last(void *arg, thr_runtime *rt) {
  const unsigned long long *last = arg;
  thr_tstate *ts = rt->threads;
  while (ts && !(may_tell(ts) && ts->wait.number == *last)) ts = ts->next;
  if (ts && rt->member.group->awake == 0) thr_lot_enddeadlock(ts);
  return ts != NULL;
}

void thr_deadlock_check(thr_runtime *rt) {
  thr_group *group = rt->member.group;
  unsigned long long last = 0;
  if (group->awake != 0) return;
  thr_runtime_any(group, find_last, &last);
  if (last != 0) thr_runtime_any(group, tell_last, &last);
}

void thr_deadlock_lower(thr_runtime *rt) {
  if (atomic_fetch_sub(&rt->member.group->awake, 1) == 1)
    thr_deadlock_check(rt);
}

void thr_deadlock_recount(const void *addr, const atomic_int *retained) {
  thr_runtime *rt;
  while ((rt = thr_lot_recount(addr, retained))) {
    thr_deadlock_check(rt);
    thr_runtime_unref(rt);
  }
}
