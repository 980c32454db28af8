/*
** park: see park.h for the laws.
**
** Addresses hash into buckets; each has a mutex and a list, oldest first.
*/
#include "park/park.h"

#include "gil/whose.h"
#include "os/fault.h"
#include "park/deadlock.h"

#define SPINS_LEAST 50
#define SPINS_MOST 1000
#define RESTS 32 /* waits */

#define NO_RESULT THR_PARK_CHANGED /* of a waiter in the list */

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
  atomic_store(&w->ts->wait_over, true);
  if (w->forever) atomic_fetch_add(&w->ts->rt->awake, 1);
}

static thr_waiter *next_at(thr_waiter *w, const void *addr) {
  while (w && w->addr != addr) w = w->next;
  return w;
}

/* A dump is made under the global lock only. */
static unsigned heard(const thr_waiter *w) {
  unsigned deaf = w->ts->deaf | w->deaf;
  if (!w->wants_gil) deaf |= THR_PENDING_DUMP;
  return atomic_load(&w->ts->pending) & ~deaf;
}

static bool is_kept(const atomic_int *kept) {
  return kept && atomic_load(kept) > 0;
}

/* In the list, where nobody is left who could take it out: the last one to
** wait takes itself out, if it can be told. */
static thr_wake count_asleep(struct bucket *b, thr_waiter *w) {
  thr_runtime *rt = w->ts->rt;
  w->forever = w->endless && !is_kept(w->kept);
  if (!w->forever || atomic_fetch_sub(&rt->awake, 1) != 1 || !w->tellable)
    return THR_PARK_WOKEN;
  dequeue(b, w, THR_PARK_DEADLOCK);
  return THR_PARK_DEADLOCK;
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
    if (heard(w)) {
      r = THR_PARK_INTERRUPTED;
    } else {
      enqueue(b, w);
      r = count_asleep(b, w);
    }
  }
  thr_mutex_unlock(&b->m);
  return r;
}

/* Takes the result, or gives up for a reason. */
static thr_wake end_with(thr_waiter *w, thr_wake reason) {
  struct bucket *b = lock_bucket(w->addr);
  if (w->result == NO_RESULT) dequeue(b, w, reason);
  thr_mutex_unlock(&b->m);
  return w->result;
}

static bool has_result(thr_waiter *w) {
  struct bucket *b = lock_bucket(w->addr);
  bool has = w->result != NO_RESULT;
  thr_mutex_unlock(&b->m);
  return has;
}

/* Other threads block all signals that a Lua hook could serve. */
static bool is_signalled(void *arg) {
  thr_waiter *w = arg;
  if (w->signalled && w->signalled()) return true;
  return !w->deaf && (heard(w) || w->ts->rt->signalled(w->ts));
}

/* May what this thread waits for come before it has fallen asleep?  Only from
** the thread that has got the global lock from it, if that runs on a processor
** of its own: on ours it could not run before we sleep.  And as long as it came
** so before: after some vain looks it rests, and then tries again. */
static bool hopeful(thr_waiter *w) {
  thr_tstate *ts = w->ts;
  if (w->lasting || w->watch || ts->rt->one_cpu || !w->wants_gil ||
      ts->heir_cpu < 0 || ts->heir_cpu == ts->cpu)
    return false;
  return ts->spins >= 0 || ++ts->spins == 0;
}

/* Looks for the token for some microseconds before it sleeps: to wake a sleeper
** on another processor costs more.  One thread of a Lua state at a time. */
static bool spin(thr_waiter *w) {
  thr_tstate *ts = w->ts, *nobody = NULL, *me = ts;
  bool found = false;
  if (!hopeful(w) ||
      !atomic_compare_exchange_strong(&ts->rt->spinner, &nobody, ts))
    return false;
  int most = ts->spins > 0 ? ts->spins : SPINS_MOST;
  for (int i = most; i > 0 && !found; i--) {
    found = thr_sem_try(&ts->sem);
    thr_os_relax();
  }
  atomic_compare_exchange_strong(&ts->rt->spinner, &me, NULL);
  ts->spins = found ? SPINS_MOST : most > SPINS_LEAST ? most / 4 : -RESTS;
  return found;
}

/* Where the thread sleeps in this wait. */
static thr_sem *sem_of(const thr_waiter *w) {
  return w->watch && !w->ts->is_main ? &w->ts->bell : &w->ts->sem;
}

static thr_semwait sleep_once(thr_waiter *w, int64_t deadline) {
  thr_sem *sem = sem_of(w);
  deadline = thr_fault_until(deadline, thr_os_monotonic);
  if (spin(w)) return THR_SEM_TAKEN;
  if (w->ts->is_main)
    return thr_sem_waitafter(sem, w->watch, deadline, is_signalled, w);
  return w->watch ? thr_sem_waitfd(sem, w->watch, deadline)
                  : thr_sem_wait(sem, deadline);
}

static thr_wake sleep_until(thr_waiter *w, int64_t deadline) {
  for (;;) {
    switch (sleep_once(w, deadline)) {
      case THR_SEM_TAKEN:
        if (has_result(w)) return w->result;
        break; /* a stray token */
      case THR_SEM_READY: return end_with(w, THR_PARK_READY);
      case THR_SEM_TIMEOUT:
        if (!thr_fault_early(deadline, thr_os_monotonic))
          return end_with(w, THR_PARK_TIMEOUT);
        break;
      case THR_SEM_EINTR:
        if (w->ts->is_main && is_signalled(w))
          return end_with(w, THR_PARK_INTERRUPTED);
    }
  }
}

/* Lets go of the global lock, if the thread holds it, for as long as it
** sleeps. */
static thr_wake sleep_outside(thr_waiter *w, int64_t deadline) {
  thr_tstate *ts = w->ts;
  ts->cpu = thr_os_cpu();
  ts->watches = w->watch != NULL;
  ts->heir_cpu = w->wants_gil ? thr_gil_release(ts) : -1;
  thr_wake r = sleep_until(w, deadline);
  ts->cpu = thr_os_cpu();
  if (w->invited) thr_gil_accept(&w->turn);
  else if (w->wants_gil)
    thr_gil_take(ts, r == THR_PARK_WOKEN ? w->patience : THR_AT_ONCE);
  return r;
}

/* There is no time left: to sleep would only cost a switch there and back, and
** who polls would make it at each look.  To sleep for no time is to let others
** run. */
static bool is_look(const thr_waiter *w, int64_t deadline) {
  return deadline <= w->since && !w->lasting &&
         !thr_fault_early(deadline, thr_os_monotonic);
}

/* Who asks for the global lock gets it here, too: a poll may run where hooks
** are off, as in a finaliser. */
static thr_wake look(thr_waiter *w) {
  thr_tstate *ts = w->ts;
  if (w->wants_gil && ts->rt->drop && thr_whose_isown(ts)) thr_gil_yield(ts);
  if (heard(w) || (ts->is_main && is_signalled(w)))
    return THR_PARK_INTERRUPTED;
  if (w->watch && thr_os_look(w->watch)) return THR_PARK_READY;
  return THR_PARK_TIMEOUT;
}

thr_wake thr_park(thr_waiter *w, int64_t deadline) {
  thr_tstate *ts = w->ts;
  if (w->since == 0) w->since = thr_os_monotonic();
  w->wants_gil = ts->holds_gil;
  if (is_look(w, deadline)) return look(w);
  w->result = NO_RESULT;
  w->endless = w->forever = deadline == THR_FOREVER && !w->watch;
  if (w->wants_gil && !thr_whose_isown(ts)) return THR_PARK_NOTOWN;
  w->tellable = w->wants_gil && !w->deaf && thr_deadlock_tellable(ts);
  w->invited = false;
  if (!thr_deadlock_publish(w)) return THR_PARK_DEADLOCK;
  thr_wake r = enter(w);
  if (r == THR_PARK_WOKEN && !w->tellable) thr_deadlock_tell(ts->rt);
  if (r == THR_PARK_WOKEN) r = sleep_outside(w, deadline);
  atomic_store(&ts->parked_at, NULL);
  thr_deadlock_unpublish(ts);
  return r;
}

/* A waiter has just been taken out of the list, under the mutex; returns the
** thread to be posted when that is free, if it is not posted yet. */
static thr_tstate *to_post(thr_waiter *w) {
  thr_tstate *ts = w->ts;
  if (sem_of(w) == &ts->bell) {
    thr_sem_post(&ts->bell);
    return NULL;
  }
  thr_tstate_ref(ts);
  return ts;
}

/* The same, for a waiter that is woken: it may be invited to come later. */
static thr_tstate *wake(thr_waiter *w) {
  thr_tstate *self = thr_tstate_current(w->ts->id);
  if (sem_of(w) == &w->ts->sem && w->wants_gil && self && self->holds_gil) {
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
  if (ts) thr_tstate_wake(ts); /* now, lest it sleeps on the mutex */
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
  if (ts) thr_tstate_wake(ts); /* now, lest it sleeps on the mutex */
  return n;
}

/* The waiter's record is on its thread's stack: it may be looked at only as
** long as it is in the list.  Takes it out unless `spare` says no. */
static void end_wait(thr_tstate *ts, thr_wake result,
                     bool (*spare)(const thr_waiter *w)) {
  const void *addr = atomic_load(&ts->parked_at);
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

static bool hears_nothing(const thr_waiter *w) { return heard(w) == 0; }
static bool cannot_tell(const thr_waiter *w) {
  return !w->forever || !w->tellable;
}

void thr_park_interrupt(thr_tstate *ts, unsigned bits) {
  atomic_fetch_or(&ts->pending, bits);
  end_wait(ts, THR_PARK_INTERRUPTED, hears_nothing);
}

void thr_park_deadlock(thr_tstate *ts) {
  end_wait(ts, THR_PARK_DEADLOCK, cannot_tell);
}

/* Finds one that is counted otherwise than *kept says; counts it anew. */
static bool recount_one(const void *addr, const atomic_int *kept) {
  struct bucket *b = lock_bucket(addr);
  bool forever = !is_kept(kept);
  thr_waiter *w = next_at(b->first, addr);
  while (w && (!w->endless || w->forever == forever))
    w = next_at(w->next, addr);
  thr_runtime *rt = w ? w->ts->rt : NULL;
  if (w) {
    w->forever = forever;
    atomic_fetch_add(&rt->refs, 1); /* the thread may be woken, and end */
    if (!forever) atomic_fetch_add(&rt->awake, 1);
  }
  thr_mutex_unlock(&b->m);
  if (!rt) return false;
  if (forever) thr_deadlock_ended(rt);
  thr_runtime_unref(rt);
  return true;
}

void thr_park_recount(const void *addr, const atomic_int *kept) {
  while (recount_one(addr, kept)) {}
}

void thr_park_beforefork(void) {
  thr_os_once(&once, init_buckets);
  for (int i = 0; i < BUCKETS; i++) thr_mutex_lock(&buckets[i].m);
}

void thr_park_afterfork(bool in_child) {
  for (int i = 0; i < BUCKETS; i++) {
    if (in_child) buckets[i].first = buckets[i].last = NULL;
    thr_mutex_unlock(&buckets[i].m);
  }
}
