/*
** lot: see lot.h for the laws.
**
** Addresses hash into buckets; each has a mutex and a list, oldest first.
*/
#include "park/lot.h"

#include "os/tuning.h"

struct bucket {
  thr_mutex m;
  thr_waiter *first, *last; /* m */
};

static struct bucket buckets[THR_BUCKETS];
static thr_once once = THR_ONCE_INIT;

static void init_buckets(void) {
  for (int i = 0; i < THR_BUCKETS; i++) thr_mutex_init(&buckets[i].m);
}

static struct bucket *lock_bucket(const void *addr) {
  struct bucket *b = &buckets[((uintptr_t)addr >> 4) % THR_BUCKETS];
  thr_os_once(&once, init_buckets);
  thr_mutex_lock(&b->m);
  return b;
}

static void enqueue(struct bucket *b, thr_waiter *w) {
  w->result = THR_PARK_ENTERED;
  w->next = NULL;
  w->prev = b->last;
  if (b->last) b->last->next = w;
  else b->first = w;
  b->last = w;
}

static void dequeue(struct bucket *b, thr_waiter *w, thr_parkresult result) {
  if (w->prev) w->prev->next = w->next;
  else b->first = w->next;
  if (w->next) w->next->prev = w->prev;
  else b->last = w->prev;
  w->result = result;
  atomic_store(&w->ts->wait.over, true);
  if (w->counts_asleep) atomic_fetch_add(&w->ts->rt->member.group->awake, 1);
}

static thr_waiter *next_at(thr_waiter *w, const void *addr) {
  while (w && w->addr != addr) w = w->next;
  return w;
}

/* Only a thread that takes the global lock again can make a dump. */
unsigned thr_waiter_pending(const thr_waiter *w) {
  unsigned masked = w->ts->asked.masked | w->masked;
  if (!w->wants_gil) masked |= THR_PENDING_DUMP;
  return atomic_load(&w->ts->asked.pending) & ~masked;
}

static bool is_retained(const atomic_int *retained) {
  return retained && atomic_load(retained) > 0;
}

/* The waiter is in the list, and counts as asleep unless something other than
** a thread may end its wait.  Where it was the last thread awake, nobody is
** left that could take it out: it does so itself, if that can be reported. */
static thr_parkresult count_asleep(struct bucket *b, thr_waiter *w) {
  thr_group *group = w->ts->rt->member.group;
  w->counts_asleep = w->unbounded && !is_retained(w->retained);
  if (w->counts_asleep && atomic_fetch_sub(&group->awake, 1) == 1 &&
      w->reportable)
    dequeue(b, w, THR_PARK_DEADLOCK);
  return w->result;
}

/* Store parked_at, then load pending: thr_lot_interrupt stores pending, and
** then loads parked_at, so that one of both sees the other. */
static thr_parkresult try_enter(struct bucket *b, thr_waiter *w) {
  if (w->validate && !w->validate(w)) return THR_PARK_CHANGED;
  atomic_store(&w->ts->sleep.parked_at, w->addr);
  if (thr_waiter_pending(w)) return THR_PARK_INTERRUPTED;
  enqueue(b, w);
  return count_asleep(b, w);
}

thr_parkresult thr_lot_enter(thr_waiter *w) {
  struct bucket *b = lock_bucket(w->addr);
  thr_parkresult r = try_enter(b, w);
  thr_mutex_unlock(&b->m);
  return r;
}

thr_parkresult thr_lot_leave(thr_waiter *w, thr_parkresult reason) {
  struct bucket *b = lock_bucket(w->addr);
  if (w->result == THR_PARK_ENTERED) dequeue(b, w, reason);
  thr_mutex_unlock(&b->m);
  return w->result;
}

bool thr_lot_isended(const thr_waiter *w) {
  struct bucket *b = lock_bucket(w->addr);
  bool ended = w->result != THR_PARK_ENTERED;
  thr_mutex_unlock(&b->m);
  return ended;
}

/* For a waiter that has just been taken out of the list.  Returns its thread,
** to be posted when the mutex is free, with a reference; NULL: it is posted. */
static thr_tstate *to_post(thr_waiter *w) {
  thr_tstate *ts = w->ts;
  if (ts->explored) return NULL; /* explore sees the result */
  if (thr_waiter_sem(w) == &ts->sleep.bell) {
    thr_sem_post(&ts->sleep.bell);
    return NULL;
  }
  thr_tstate_ref(ts);
  return ts;
}

/* For trace. */
THR_RARE static void note_waker(thr_tstate *ts) {
  const thr_tstate *self = thr_tls;
  ts->woken = (thr_ts_woken){thr_os_monotonic(), self ? self->ident : 0,
                             self ? self->rt->number : 0};
}

/* The same, for a waiter that is woken: it may be invited to the global lock,
** and then sleeps on. */
static thr_tstate *wake(thr_waiter *w) {
  thr_tstate *self = thr_tstate_current(w->ts->id);
  if (thr_tstate_tracer(w->ts)) note_waker(w->ts);
  bool can_wait = w->wants_gil && !w->ts->explored &&
                  thr_waiter_sem(w) == &w->ts->sleep.sem;
  if (can_wait && self && self->gil.held) {
    w->invited = true;
    if (!thr_gil_invite(self, w->ts, &w->turn, w->patience)) return NULL;
  }
  return to_post(w);
}

void thr_unpark_one(const void *addr, thr_decide decide) {
  struct bucket *b = lock_bucket(addr);
  thr_waiter *w = next_at(b->first, addr);
  thr_tstate *ts = NULL;
  if (decide) decide(addr, w, w && next_at(w->next, addr));
  if (w) {
    dequeue(b, w, THR_PARK_WOKEN);
    ts = wake(w);
  }
  thr_mutex_unlock(&b->m);
  if (ts) thr_tstate_wake(ts); /* now: else it might sleep on the mutex */
}

/* The last one, often the only one, is posted when the mutex is free. */
int thr_unpark_all(const void *addr) {
  int n = 0;
  thr_tstate *ts = NULL;
  struct bucket *b = lock_bucket(addr);
  thr_waiter *w = next_at(b->first, addr);
  for (; w; n++) {
    thr_waiter *next = next_at(w->next, addr);
    dequeue(b, w, THR_PARK_WOKEN);
    if (ts) thr_tstate_wake(ts);
    ts = wake(w);
    w = next;
  }
  thr_mutex_unlock(&b->m);
  if (ts) thr_tstate_wake(ts); /* now: else it might sleep on the mutex */
  return n;
}

/* Takes a thread's waiter out, unless `spare` says no.  The record is on that
** thread's stack: it may be read only while it is in the list. */
static void end_wait(thr_tstate *ts, thr_parkresult result,
                     bool (*spare)(const thr_waiter *w)) {
  const void *addr = atomic_load(&ts->sleep.parked_at);
  if (!addr) return;
  struct bucket *b = lock_bucket(addr);
  thr_waiter *w = b->first;
  while (w && w->ts != ts) w = w->next;
  thr_tstate *asleep = NULL;
  if (w && !spare(w)) {
    dequeue(b, w, result);
    asleep = to_post(w);
  }
  thr_mutex_unlock(&b->m);
  if (asleep) thr_tstate_wake(asleep);
}

static bool hears_nothing(const thr_waiter *w) {
  return thr_waiter_pending(w) == 0;
}

static bool cannot_report(const thr_waiter *w) {
  return !w->counts_asleep || !w->reportable;
}

/* Under the mutex: else the thread might leave in between, and never hear of
** it.  It is inside, so that its OS thread lives. */
void thr_lot_interrupt(thr_tstate *ts, unsigned bits) {
  thr_mutex_lock(&ts->nest.m);
  thr_tstate *inner = ts->nest.inner;
  if (inner) {
    ts->nest.passed |= bits;
    thr_lot_interrupt(inner, bits);
    if (bits & THR_PENDING_AT_ONCE) thr_os_preempt(inner->life.os);
  } else {
    atomic_fetch_or(&ts->asked.pending, bits);
    end_wait(ts, THR_PARK_INTERRUPTED, hears_nothing);
  }
  thr_mutex_unlock(&ts->nest.m);
}

void thr_lot_enddeadlock(thr_tstate *ts) {
  end_wait(ts, THR_PARK_DEADLOCK, cannot_report);
}

thr_runtime *thr_lot_recount(const void *addr, const atomic_int *retained) {
  struct bucket *b = lock_bucket(addr);
  bool asleep = !is_retained(retained);
  thr_waiter *w = next_at(b->first, addr);
  while (w && (!w->unbounded || w->counts_asleep == asleep))
    w = next_at(w->next, addr);
  thr_runtime *rt = w ? w->ts->rt : NULL;
  if (w) {
    w->counts_asleep = asleep;
    atomic_fetch_add(&rt->refs, 1); /* the thread may be woken, and end */
    atomic_fetch_add(&rt->member.group->awake, asleep ? -1 : 1);
  }
  thr_mutex_unlock(&b->m);
  return rt;
}

void thr_lot_beforefork(void) {
  thr_os_once(&once, init_buckets);
  for (int i = 0; i < THR_BUCKETS; i++) thr_mutex_lock(&buckets[i].m);
}

void thr_lot_afterfork(bool in_child) {
  for (int i = 0; i < THR_BUCKETS; i++) {
    if (in_child) buckets[i].first = buckets[i].last = NULL;
    thr_mutex_unlock(&buckets[i].m);
  }
}
