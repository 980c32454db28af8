/* gil: see gil.h for the laws. */
#include "gil/gil.h"

#include "gil/ctrlc.h"
#include "gil/preempt.h"
#include "gil/rest.h"
#include "os/fault.h"
#include "os/tuning.h"

#define HELD 1u   /* a thread may touch Lua */
#define QUEUED 2u /* the queue is not empty: a release must look at it */

int64_t thr_gil_interval(thr_gil *gil) { return gil->interval; }
void thr_gil_setinterval(thr_gil *gil, int64_t ns) { gil->interval = ns; }
unsigned long long thr_gil_switches(thr_gil *gil) { return gil->switches; }

static bool try_take(thr_gil *gil) {
  unsigned w = atomic_load_explicit(&gil->word, memory_order_relaxed);
  while (!(w & HELD))
    if (atomic_compare_exchange_weak_explicit(&gil->word, &w, w | HELD,
                                              memory_order_acquire,
                                              memory_order_relaxed))
      return true;
  return false;
}

/* Under the mutex.  The thread that is first in the queue, for the caller to
** wake once the mutex is free; NULL: there is none, or it is awake. */
static thr_tstate *first_to_wake(thr_gil *gil) {
  thr_gilwaiter *w = gil->queue;
  if (!w || w->posted) return NULL;
  w->posted = true;
  w->asleep = false;
  thr_tstate_ref(w->ts);
  return w->ts;
}

static void wake_first(thr_gil *gil) {
  thr_mutex_lock(&gil->m);
  thr_tstate *first = first_to_wake(gil);
  thr_mutex_unlock(&gil->m);
  if (first) thr_tstate_wake(first);
}

/* The caller, which holds the lock, releases it after about so long; or, where
** its hook is too dear now, when the first of the queue requests that. */
static void drop_after(thr_tstate *self, int64_t patience) {
  if (thr_rest_left(self) > 0) {
    wake_first(&self->rt->gil);
    return;
  }
  atomic_store(&self->rt->gil.drop, true);
  thr_preempt_armafter(self, (int)(patience / THR_INSTRUCTION));
}

/* Arms the hook of a new holder for what was requested before it had the lock,
** and for what those that wait will not request.  Where its hook is too dear
** now, the first of the queue does so when it has rested. */
static void arm_new_holder(thr_gil *gil, thr_tstate *ts, bool preempted) {
  bool drops = gil->drop, rests = thr_rest_left(ts) > 0;
  if (drops && rests) wake_first(gil);
  if ((drops && !rests) || ts->asked.pending & THR_PENDING_AT_ONCE)
    thr_preempt_arm(ts);
  if (gil->grace > 0) drop_after(ts, gil->grace);
  else if (preempted && gil->offers && !rests)
    thr_preempt_armafter(ts, (int)(THR_OFFER_AFTER / THR_INSTRUCTION));
  gil->grace = 0;
}

/* The caller has taken the lock.  It stores holder, and then loads drop; a
** waiter stores drop, and then loads holder: so one of both sees the other, and
** a request that found no holder yet is not lost. */
static void become_holder(thr_gil *gil, thr_tstate *ts, bool preempted) {
  atomic_store(&gil->holder, ts);
  if (gil->last != ts) {
    gil->last = ts;
    atomic_store_explicit(&gil->switches, gil->switches + 1,
                          memory_order_relaxed);
  }
  atomic_store_explicit(&ts->gil.held, true, memory_order_relaxed);
  if (ts->is_main && ts->rt->main_stale) thr_ctrlc_relay(ts);
  if (atomic_load(&gil->drop) || ts->asked.pending & THR_PENDING_AT_ONCE ||
      gil->grace > 0 || (preempted && gil->offers))
    arm_new_holder(gil, ts, preempted);
  thr_preempt_hurry(ts);
}

/* A preempted thread may get the lock from one that went to wait for a
** descriptor, and then runs on the same processor.  When the data comes the
** system wakes the other there, but lets it run only some milliseconds later,
** for it does not interrupt a thread that has just begun.  So once the data may
** have come, the holder yields the processor. */
static void offer_processor(thr_gil *gil) {
  if (!gil->offers) return;
  gil->offers = false;
  thr_os_yield();
}

/* Searches from the end: most are due later than those that are there. */
static void enqueue(thr_gil *gil, thr_gilwaiter *w) {
  thr_gilwaiter *prev = gil->queue_end;
  while (prev && prev->due > w->due) prev = prev->prev;
  w->prev = prev;
  w->next = prev ? prev->next : gil->queue;
  if (w->next) w->next->prev = w;
  else gil->queue_end = w;
  if (prev) prev->next = w;
  else gil->queue = w;
  if (w->immediate) gil->immediate++;
  atomic_fetch_or(&gil->word, QUEUED);
}

/* After how long the next holder drops the lock though nobody requests it.  A
** waiter that sleeps requests nothing; one that was due at once, and is behind
** others that are due, has made its request to the last holder, and would not
** make it to the next one before long. */
static int64_t grace_of_next(const thr_gil *gil) {
  if (gil->queue && gil->queue->asleep) return THR_GRACE_ASLEEP;
  return gil->immediate > 0 ? THR_GRACE_IMMEDIATE : 0;
}

static void dequeue(thr_gil *gil, thr_gilwaiter *w) {
  if (w->prev) w->prev->next = w->next;
  else gil->queue = w->next;
  if (w->next) w->next->prev = w->prev;
  else gil->queue_end = w->prev;
  if (!gil->queue) atomic_fetch_and(&gil->word, ~QUEUED);
  if (w->immediate) gil->immediate--;
  gil->grace = grace_of_next(gil);
}

/* How many wait before w, up to some number. */
static int position(const thr_gilwaiter *w) {
  int n = 0;
  for (const thr_gilwaiter *o = w->prev; o && n < THR_MAX_POSITION; o = o->prev)
    n++;
  return n;
}

/* Sets drop, and signals the holder if it runs; returns what it does. */
static thr_activity signal_holder(thr_gil *gil, thr_gilwaiter *w) {
  atomic_store(&gil->drop, true);
  thr_tstate *holder = atomic_load(&gil->holder);
  thr_activity state = holder ? thr_doze_look(holder, &w->seen) : THR_SLEEPS;
  if (state == THR_RUNS) thr_preempt_request(holder);
  return state;
}

static int64_t rest_of_holder(thr_gil *gil) {
  thr_tstate *holder = atomic_load(&gil->holder);
  return holder ? thr_rest_left(holder) : 0;
}

/* A holder that has a request hands the lock over, and while an immediate
** waiter is there the next holder drops it unrequested.  So thousands that come
** back at once need not all signal, again and again; but a waiter that has set
** drop without a signal does. */
static bool need_not_request(const thr_gil *gil, const thr_gilwaiter *w,
                             int pos) {
  return w->immediate && pos > 0 && w->seen.state == THR_RUNS &&
         atomic_load(&gil->drop);
}

/* Requests the lock from the holder if the waiter is due; returns when to do so
** again.  The farther back in the queue, the later: the first one requests for
** all.  And each time later: a holder in a C function meets a request only as
** system calls that end with EINTR. */
static int64_t request_drop(thr_gil *gil, thr_gilwaiter *w) {
  int64_t now = thr_os_monotonic();
  int pos = position(w);
  if (now < w->due && pos == 0) return w->due;
  if (now < w->due) return w->due + pos * gil->interval;
  if (need_not_request(gil, w, pos)) return now + pos * THR_MAX_REQUEST_PAUSE;
  int64_t pause = rest_of_holder(gil);
  if (pause == 0)
    pause = signal_holder(gil, w) == THR_WAITS ? THR_LOOK_AGAIN
                                               : (pos + 1) * gil->interval;
  pause <<= w->requests;
  if (w->requests < THR_REQUEST_DOUBLINGS) w->requests++;
  return now + (pause < THR_MAX_REQUEST_PAUSE ? pause : THR_MAX_REQUEST_PAUSE);
}

static void wait_turn(thr_gil *gil, thr_gilwaiter *w) {
  while (!w->granted && !try_take(gil)) {
    int64_t until = request_drop(gil, w);
    thr_mutex_unlock(&gil->m);
    thr_sem_wait(&w->ts->sleep.sem, until);
    atomic_store_explicit(&w->ts->gil.cpu, thr_os_cpu(), memory_order_relaxed);
    thr_mutex_lock(&gil->m);
    w->posted = false;
  }
  if (w->granted) return;
  dequeue(gil, w);
  atomic_store(&gil->drop, false); /* it was meant for the last holder */
}

/* Under the mutex. */
static void queue_up(thr_gil *gil, thr_gilwaiter *w, thr_tstate *ts,
                     int64_t patience) {
  w->ts = ts;
  w->due = thr_os_monotonic() + patience;
  w->granted = w->posted = w->asleep = false;
  w->immediate = patience == THR_AT_ONCE;
  w->preempted = patience >= gil->interval;
  w->requests = 0;
  w->seen = (thr_sight){.state = THR_RUNS};
  enqueue(gil, w);
}

/* Returns whether the thread had been preempted. */
static bool take_in_turn(thr_gil *gil, thr_tstate *ts, int64_t patience) {
  thr_gilwaiter w;
  thr_mutex_lock(&gil->m);
  queue_up(gil, &w, ts, patience);
  wait_turn(gil, &w);
  thr_mutex_unlock(&gil->m);
  return w.preempted;
}

void thr_gil_take(thr_tstate *ts, int64_t patience) {
  thr_gil *gil = &ts->rt->gil;
  bool at_once = try_take(gil);
  become_holder(gil, ts, !at_once && take_in_turn(gil, ts, patience));
}

bool thr_gil_invite(thr_tstate *self, thr_tstate *ts, thr_gilwaiter *w,
                    int64_t patience) {
  thr_gil *gil = &ts->rt->gil;
  bool wakes = patience >= THR_STREAM || thr_rest_left(self) > 0;
  thr_mutex_lock(&gil->m);
  queue_up(gil, w, ts, patience);
  w->posted = wakes;
  w->asleep = !wakes;
  thr_mutex_unlock(&gil->m);
  if (!wakes) drop_after(self, patience);
  return wakes;
}

void thr_gil_accept(thr_gilwaiter *w) {
  thr_gil *gil = &w->ts->rt->gil;
  thr_mutex_lock(&gil->m);
  w->asleep = false;
  w->posted = false; /* the token has been taken, by park */
  wait_turn(gil, w);
  thr_mutex_unlock(&gil->m);
  become_holder(gil, w->ts, w->preempted);
}

/* Under the mutex.  The word stays HELD, so that no other thread takes the lock
** in between.  Returns the thread to wake. */
static thr_tstate *hand_over(thr_gil *gil, thr_gilwaiter *w) {
  atomic_store(&gil->drop, false);
  dequeue(gil, w);
  w->granted = true;
  atomic_store(&gil->holder, w->ts);
  thr_tstate_ref(w->ts);
  return w->ts;
}

/* Under the mutex; returns the thread to wake. */
static thr_tstate *free_lock(thr_gil *gil) {
  atomic_store(&gil->drop, false);
  atomic_fetch_and_explicit(&gil->word, ~HELD, memory_order_release);
  return first_to_wake(gil);
}

static void clear_holder(thr_gil *gil, thr_tstate *ts) {
  atomic_store_explicit(&ts->gil.held, false, memory_order_relaxed);
  atomic_signal_fence(memory_order_seq_cst); /* against our own handler */
  atomic_store(&gil->holder, NULL);
}

int thr_gil_release(thr_tstate *ts) {
  thr_gil *gil = &ts->rt->gil;
  unsigned held = HELD;
  clear_holder(gil, ts);
  if (atomic_compare_exchange_strong_explicit(&gil->word, &held, 0,
                                              memory_order_release,
                                              memory_order_relaxed))
    return -1;
  thr_mutex_lock(&gil->m);
  if (ts->gil.waits_fd) gil->offers = true;
  thr_tstate *next =
      gil->queue && gil->drop ? hand_over(gil, gil->queue) : free_lock(gil);
  thr_mutex_unlock(&gil->m);
  if (!next) return -1;
  int cpu = atomic_load_explicit(&next->gil.cpu, memory_order_relaxed);
  thr_tstate_wake(next); /* not before: it would sleep on the mutex */
  return cpu;
}

/* The caller is in the queue before the next one runs, so that it can make its
** request. */
void thr_gil_yield(thr_tstate *ts) {
  thr_gil *gil = &ts->rt->gil;
  thr_tstate *next = NULL;
  thr_gilwaiter w;
  if (!atomic_load_explicit(&gil->drop, memory_order_relaxed) &&
      thr_fault_every() == 0) {
    offer_processor(gil);
    return;
  }
  thr_mutex_lock(&gil->m);
  if (gil->queue) {
    clear_holder(gil, ts);
    next = hand_over(gil, gil->queue);
    queue_up(gil, &w, ts, gil->interval);
  } else {
    atomic_store(&gil->drop, false);
  }
  thr_mutex_unlock(&gil->m);
  if (!next) return;
  thr_tstate_wake(next);
  thr_gil_accept(&w);
}

void thr_gil_abandon(thr_gil *gil) {
  thr_mutex_lock(&gil->m);
  atomic_store(&gil->holder, NULL);
  thr_mutex_unlock(&gil->m);
}

void thr_gil_beforefork(thr_gil *gil) { thr_mutex_lock(&gil->m); }

void thr_gil_afterfork(thr_tstate *ts, bool in_child) {
  thr_gil *gil = &ts->rt->gil;
  if (in_child) {
    gil->queue = gil->queue_end = NULL;
    gil->word = ts->gil.held ? HELD : 0;
    gil->holder = ts->gil.held ? ts : NULL;
    gil->immediate = 0;
    gil->grace = 0;
    gil->drop = false;
    ts->rest.until = 0; /* the child's time begins anew */
  }
  thr_mutex_unlock(&gil->m);
}
