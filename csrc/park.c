/*
** park: see park.h for the laws.
**
** Addresses hash into buckets; each has a mutex and a list, oldest first.
*/
#include "park.h"

#define BUCKETS 257 /* a prime: addresses are multiples of 16 */

struct bucket {
  thr_mutex m;
  thr_waiter *first, *last; /* m */
};

static struct bucket buckets[BUCKETS];
static thr_once once = THR_ONCE_INIT;

static void init_buckets(void) {
  for (int i = 0; i < BUCKETS; i++) thr_mutex_init(&buckets[i].m);
}

static struct bucket *lock_bucket(const void *addr) {
  struct bucket *b = &buckets[((uintptr_t)addr >> 4) % BUCKETS];
  thr_os_once(&once, init_buckets);
  thr_mutex_lock(&b->m);
  return b;
}

static void enqueue(struct bucket *b, thr_waiter *w) {
  w->next = NULL;
  w->prev = b->last;
  if (b->last) b->last->next = w;
  else b->first = w;
  b->last = w;
}

static void dequeue(struct bucket *b, thr_waiter *w, thr_wake result) {
  if (w->prev) w->prev->next = w->next;
  else b->first = w->next;
  if (w->next) w->next->prev = w->prev;
  else b->last = w->prev;
  w->result = result;
}

static thr_waiter *next_at(thr_waiter *w, const void *addr) {
  while (w && w->addr != addr) w = w->next;
  return w;
}

/* Into the list, or a reason why not.  Store parked_at, then load pending:
** thr_park_interrupt stores pending and then loads parked_at, so that one of
** both sees the other. */
static thr_wake enter(thr_waiter *w) {
  thr_wake r = THR_PARK_WOKEN;
  struct bucket *b = lock_bucket(w->addr);
  if (w->still && !w->still(w)) {
    r = THR_PARK_CHANGED;
  } else {
    atomic_store(&w->ts->parked_at, w->addr);
    if (atomic_load(&w->ts->pending)) r = THR_PARK_INTERRUPTED;
    else enqueue(b, w);
  }
  thr_mutex_unlock(&b->m);
  return r;
}

/* Gives up, unless somebody has woken the waiter meanwhile. */
static thr_wake give_up(thr_waiter *w, thr_wake reason) {
  struct bucket *b = lock_bucket(w->addr);
  bool woken = w->result != THR_PARK_CHANGED;
  if (!woken) dequeue(b, w, reason);
  thr_mutex_unlock(&b->m);
  while (woken && thr_sem_wait(&w->ts->park_sem, THR_FOREVER) != THR_SEM_TAKEN)
    continue; /* the token is on its way */
  return w->result;
}

static thr_wake sleep_until(thr_waiter *w, int64_t deadline) {
  for (;;) {
    switch (thr_sem_wait(&w->ts->park_sem, deadline)) {
      case THR_SEM_TAKEN: return w->result;
      case THR_SEM_TIMEOUT: return give_up(w, THR_PARK_TIMEOUT);
      case THR_SEM_EINTR:
        /* Other threads block all signals that a Lua hook could serve. */
        if (w->ts->is_main) return give_up(w, THR_PARK_INTERRUPTED);
    }
  }
}

thr_wake thr_park(thr_waiter *w, int64_t deadline) {
  thr_tstate *ts = w->ts;
  if (w->since == 0) w->since = thr_os_monotonic();
  w->result = THR_PARK_CHANGED;
  thr_wake r = enter(w);
  if (r == THR_PARK_WOKEN) {
    bool had = ts->holds_gil;
    ts->waits_for = w->what;
    if (had) thr_gil_release(ts);
    r = sleep_until(w, deadline);
    if (had)
      thr_gil_take(ts, r == THR_PARK_WOKEN ? w->patience : THR_AT_ONCE);
    ts->waits_for = NULL;
  }
  atomic_store(&ts->parked_at, NULL);
  return r;
}

void thr_unpark_one(const void *addr, thr_decide decide) {
  struct bucket *b = lock_bucket(addr);
  thr_waiter *w = next_at(b->first, addr);
  thr_tstate *ts = w ? w->ts : NULL;
  if (decide) decide(addr, w, w && next_at(w->next, addr));
  if (w) dequeue(b, w, THR_PARK_WOKEN);
  thr_mutex_unlock(&b->m);
  if (ts) thr_sem_post(&ts->park_sem); /* it cannot end without the token */
}

int thr_unpark_all(const void *addr) {
  int n = 0;
  struct bucket *b = lock_bucket(addr);
  thr_waiter *w = next_at(b->first, addr);
  while (w) {
    thr_waiter *next = next_at(w->next, addr);
    thr_tstate *ts = w->ts;
    dequeue(b, w, THR_PARK_WOKEN);
    thr_sem_post(&ts->park_sem);
    w = next;
    n++;
  }
  thr_mutex_unlock(&b->m);
  return n;
}

/* The waiter's record is on its thread's stack: it may be looked at only as
** long as it is in the list. */
void thr_park_interrupt(thr_tstate *ts, unsigned bits) {
  atomic_fetch_or(&ts->pending, bits);
  const void *addr = atomic_load(&ts->parked_at);
  if (!addr) return;
  struct bucket *b = lock_bucket(addr);
  thr_waiter *w = b->first;
  while (w && w->ts != ts) w = w->next;
  if (w) {
    dequeue(b, w, THR_PARK_INTERRUPTED);
    thr_sem_post(&ts->park_sem);
  }
  thr_mutex_unlock(&b->m);
}
