/* gil: see gil.h for the laws. */
#include "gil/gil.h"

#include "gil/ctrlc.h"
#include "gil/kept.h"
#include "gil/preempt.h"
#include "gil/rest.h"
#include "os/fault.h"
#include "os/tuning.h"

#define HELD 1u   /* a thread may touch Lua */
#define QUEUED 2u /* the queue is not empty: a release must look at it */
#define KEPT 4u   /* explored: no release frees it */

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

/* Under the mutex.  The waiter's thread, for the caller to wake once the mutex
** is free; NULL: it is awake. */
static thr_tstate *to_wake(thr_gilwaiter *w) {
  if (w->posted) return NULL;
  w->posted = true;
  w->asleep = w->dormant = false;
  thr_tstate_ref(w->ts);
  return w->ts;
}

static thr_tstate *first_to_wake(thr_gil *gil) {
  return gil->queue ? to_wake(gil->queue) : NULL;
}

/* By the holder, which a waiter that looks at it must not take for asleep. */
static void lock_as_holder(thr_tstate *self) {
  atomic_store(&self->gil.at_mutex, true);
  thr_mutex_lock(&self->rt->gil.m);
  atomic_store(&self->gil.at_mutex, false);
}

static void wake_first(thr_tstate *self) {
  thr_gil *gil = &self->rt->gil;
  lock_as_holder(self);
  thr_tstate *first = first_to_wake(gil);
  thr_mutex_unlock(&gil->m);
  if (first) thr_tstate_wake(first);
}

/* The caller, which holds the lock, releases it after about so long; or, where
** its hook is too dear now, when the first of the queue asks for that. */
static void drop_after(thr_tstate *self, int64_t time) {
  if (thr_rest_left(self) > 0) {
    wake_first(self);
    return;
  }
  atomic_store(&self->rt->gil.drop, true);
  thr_preempt_armafter(self, (int)(time / THR_INSTRUCTION));
}

/* --- virtual time; all under the mutex --- */

/* Who has slept, or has come just now, is not farther behind than that. */
static void catch_up(const thr_gil *gil, thr_tstate *ts) {
  int64_t least = gil->clock - THR_LAG - gil->interval;
  if (ts->gil.used < least) ts->gil.used = least;
}

/* The time of the holder counts from now on. */
static void start_turn(thr_gil *gil, thr_tstate *holder, int64_t now) {
  gil->since = now;
  catch_up(gil, holder);
  if (gil->clock < holder->gil.used) gil->clock = holder->gil.used;
}

/* A waiter looks: the turn counts, if it does not yet.  A holder that took the
** lock without the mutex may not have said so yet. */
static void count_turn(thr_gil *gil, int64_t now) {
  thr_tstate *holder = atomic_load(&gil->holder);
  if (gil->since == 0 && holder) start_turn(gil, holder, now);
}

/* How long the holder's turn has been. */
static int64_t length_of_turn(const thr_gil *gil, int64_t now) {
  return gil->since == 0 ? 0 : now - gil->since;
}

/* The turn of `ts` ends.  The clock goes as fast as the lock is used, divided
** among those that want it. */
static void end_turn(thr_gil *gil, thr_tstate *ts) {
  if (gil->since == 0) return;
  int64_t length = length_of_turn(gil, thr_os_monotonic());
  ts->gil.used += length;
  gil->clock += length / (1 + gil->queued);
  gil->since = 0;
}

/* By how much the holder is ahead of ts. */
static int64_t lead_of_holder(const thr_gil *gil, const thr_tstate *ts,
                              int64_t now) {
  const thr_tstate *holder = atomic_load(&gil->holder);
  if (!holder) return 0;
  return holder->gil.used + length_of_turn(gil, now) - ts->gil.used;
}

/* --- what is recorded --- */

/* It has met what it was asked for in a function, see preempt. */
static void forget_asked(thr_tstate *ts) {
  atomic_store_explicit(&ts->kept.asked, 0, memory_order_relaxed);
}

THR_RARE static void note_runs(thr_tstate *ts) {
  forget_asked(ts);
  thr_tstate_tracer(ts)->runs(ts);
}

THR_RARE static void note_ready(thr_tstate *ts) {
  thr_tstate_tracer(ts)->ready(ts);
}

THR_RARE static void note_leaves(thr_tstate *ts) {
  forget_asked(ts);
  thr_tstate_tracer(ts)->leaves(ts);
}

THR_RARE static void note_preempted(thr_tstate *ts) {
  thr_tstate_tracer(ts)->preempted(ts);
}

/* --- taking the lock --- */

/* Arms the hook of a new holder for what was asked before it had the lock.
** Where its hook is too dear now, the first of the queue asks when it has
** rested. */
static void arm_new_holder(thr_gil *gil, thr_tstate *ts) {
  bool drops = gil->drop, rests = thr_rest_left(ts) > 0;
  if (drops && rests) wake_first(ts);
  if ((drops && !rests) || ts->asked.pending & THR_PENDING_AT_ONCE)
    thr_preempt_arm(ts);
}

/* The caller has taken the lock.  It stores holder, and then loads drop; a
** waiter stores drop, and then loads holder: so one of both sees the other, and
** a request that found no holder yet is not lost. */
static void become_holder(thr_gil *gil, thr_tstate *ts) {
  atomic_store(&gil->holder, ts);
  if (gil->last != ts) {
    gil->last = ts;
    atomic_store_explicit(&gil->switches, gil->switches + 1,
                          memory_order_relaxed);
  }
  atomic_store_explicit(&ts->gil.held, true, memory_order_relaxed);
  if (thr_tstate_tracer(ts)) note_runs(ts);
  if (ts->is_main && ts->rt->ctrlc.stale) thr_ctrlc_relay(ts);
  if (atomic_load(&gil->drop) || ts->asked.pending & THR_PENDING_AT_ONCE)
    arm_new_holder(gil, ts);
  thr_preempt_hurry(ts);
}

/* --- the queue; all under the mutex --- */

/* Searches from the end: most have used more than those that are there, or as
** much, more or less. */
static void enqueue(thr_gil *gil, thr_gilwaiter *w) {
  thr_gilwaiter *prev = gil->queue_end;
  int64_t most = w->ts->gil.used + THR_LEAD;
  while (prev && prev->ts->gil.used > most) prev = prev->prev;
  w->prev = prev;
  w->next = prev ? prev->next : gil->queue;
  if (w->next) w->next->prev = w;
  else gil->queue_end = w;
  if (prev) prev->next = w;
  else gil->queue = w;
  gil->queued++;
  atomic_fetch_or(&gil->word, QUEUED);
}

static void dequeue(thr_gil *gil, thr_gilwaiter *w) {
  if (w->prev) w->prev->next = w->next;
  else gil->queue = w->next;
  if (w->next) w->next->prev = w->prev;
  else gil->queue_end = w->prev;
  gil->queued--;
  if (!gil->queue) atomic_fetch_and(&gil->word, ~QUEUED);
}

static void queue_up(thr_gil *gil, thr_gilwaiter *w, thr_tstate *ts,
                     int64_t patience) {
  *w = (thr_gilwaiter){.ts = ts, .patience = patience};
  catch_up(gil, ts);
  enqueue(gil, w);
}

/* How many before it in the queue ask as soon as it does: of those that were
** preempted none before one that was not. */
static int askers_before(const thr_gilwaiter *w) {
  int n = 0;
  for (const thr_gilwaiter *o = w->prev; o && n < THR_MAX_POSITION; o = o->prev)
    if (w->preempted || !o->preempted) n++;
  return n;
}

/* The first that was not preempted, or NULL. */
static thr_gilwaiter *first_woken(const thr_gil *gil) {
  thr_gilwaiter *w = gil->queue;
  for (int i = 0; w && w->preempted && i < THR_MAX_POSITION; i++) w = w->next;
  return w;
}

/* --- asking; under the mutex --- */

/* How long a turn who was preempted leaves to a holder that was so far ahead of
** it when the turn began.  Without a look at that, a holder whose turns others
** cut short went on for ever. */
static int64_t turn_of(const thr_gil *gil, int64_t lead) {
  int64_t turn = lead < 0 ? gil->interval : gil->interval - lead;
  if (turn < THR_TURN) turn = THR_TURN;
  return turn < gil->interval ? turn : gil->interval;
}

/* When the waiter asks the holder, at the earliest. */
static int64_t when_to_ask(const thr_gil *gil, const thr_gilwaiter *w,
                           int64_t now) {
  int64_t length = length_of_turn(gil, now), begun = now - length;
  int64_t lead = lead_of_holder(gil, w->ts, now);
  if (w->preempted) return begun + turn_of(gil, lead - length);
  bool leads = lead > THR_LEAD;
  int64_t end = leads ? now : begun + THR_TURN;
  int64_t due = w->came + w->patience;
  return due > end ? due : end;
}

/* Sets drop, and signals the holder if it runs; returns for how long to leave
** it alone then.  One that does not run yet, or not any more, is not asked: to
** be let run is what it waits for. */
static int64_t ask_holder(thr_gil *gil, thr_gilwaiter *w) {
  thr_tstate *holder = atomic_load(&gil->holder);
  if (holder && !holder->gil.held) return THR_LOOK_AGAIN;
  if (holder && thr_rest_left(holder) > 0) return thr_rest_left(holder);
  atomic_store(&gil->drop, true);
  holder = atomic_load(&gil->holder);
  if (!holder) return THR_LOOK_AGAIN;
  switch (thr_doze_look(holder, &w->seen)) {
    case THR_RUNS: thr_preempt_request(holder); return THR_TURN;
    case THR_WAITS: return THR_LOOK_AGAIN;
    default: return gil->interval;
  }
}

/* The same holder is asked ever more rarely, for one that is in a C function
** meets a request only as system calls that end with EINTR. */
static int64_t lengthen(const thr_gil *gil, thr_gilwaiter *w, int64_t pause) {
  if (w->asked != gil->since) w->requests = 0;
  w->asked = gil->since;
  pause <<= w->requests;
  if (w->requests < THR_REQUEST_DOUBLINGS) w->requests++;
  return pause < THR_MAX_REQUEST_PAUSE ? pause : THR_MAX_REQUEST_PAUSE;
}

/* Asks for the lock if it is time to; returns when to look again. */
static int64_t ask(thr_gil *gil, thr_gilwaiter *w, int64_t now) {
  int before = askers_before(w);
  if (w->came == 0) w->came = now;
  count_turn(gil, now);
  w->dormant = before >= THR_ASKERS;
  if (w->dormant)
    return now + before * (w->preempted ? gil->interval
                                        : THR_MAX_REQUEST_PAUSE);
  int64_t when = when_to_ask(gil, w, now);
  return when > now ? when : now + lengthen(gil, w, ask_holder(gil, w));
}

static int64_t look(thr_gil *gil, thr_gilwaiter *w) {
  int64_t now = thr_os_monotonic(), again = ask(gil, w, now);
  if (!gil->watched) return again;
  int64_t soon = thr_kept_look(gil, now);
  return soon < again ? soon : again;
}

/* --- waiting --- */

/* A thread that was preempted, and is woken for a lock that was let go of, lets
** others run on its processor before it takes it: the data for which they wait
** may have come there, and the system would let them run only when this one has
** had the processor for some milliseconds. */
static void step_aside(thr_gil *gil) {
  thr_mutex_unlock(&gil->m);
  thr_os_yield();
  thr_mutex_lock(&gil->m);
}

/* Unlocks the mutex meanwhile. */
static void sleep_once(thr_gil *gil, thr_gilwaiter *w, int64_t until) {
  thr_mutex_unlock(&gil->m);
  thr_semwait r = thr_sem_wait(&w->ts->sleep.sem, until);
  atomic_store_explicit(&w->ts->gil.cpu, thr_os_cpu(), memory_order_relaxed);
  thr_mutex_lock(&gil->m);
  if (w->preempted && !w->granted && r == THR_SEM_TAKEN) step_aside(gil);
  w->posted = false;
}

/* Under the mutex: the first that was not preempted is woken, if it does not
** ask yet.  Returns the thread to wake. */
static thr_tstate *next_asker(thr_gil *gil) {
  thr_gilwaiter *w = first_woken(gil);
  return w && w->dormant ? to_wake(w) : NULL;
}

/* It has the lock.  The mutex is held before, and free after. */
static void begin_turn(thr_gil *gil, thr_gilwaiter *w) {
  thr_tstate *ts = w->ts;
  if (!w->granted) {
    dequeue(gil, w);
    atomic_store(&gil->drop, false); /* it was meant for the last holder */
  }
  bool grace = gil->queue && gil->queue->asleep;
  gil->since = 0;
  if (gil->queue && !grace) start_turn(gil, ts, thr_os_monotonic());
  thr_tstate *asker = next_asker(gil);
  thr_mutex_unlock(&gil->m);
  if (asker) thr_tstate_wake(asker);
  become_holder(gil, ts);
  if (grace) drop_after(ts, THR_GRACE);
}

/* The mutex is held before, and free after. */
static void wait_turn(thr_gil *gil, thr_gilwaiter *w) {
  while (!w->granted && !try_take(gil)) sleep_once(gil, w, look(gil, w));
  begin_turn(gil, w);
}

void thr_gil_take(thr_tstate *ts, int64_t patience) {
  thr_gil *gil = &ts->rt->gil;
  if (try_take(gil)) {
    become_holder(gil, ts);
    return;
  }
  if (ts->explored) {
    ts->rt->calls.explore->at_take(ts);
    become_holder(gil, ts);
    return;
  }
  thr_gilwaiter w;
  if (thr_tstate_tracer(ts)) note_ready(ts);
  thr_mutex_lock(&gil->m);
  queue_up(gil, &w, ts, patience);
  wait_turn(gil, &w);
}

/* Another one asks in its place, or takes what was let go of for it.  The mutex
** is held before, and free after. */
static void give_up(thr_gil *gil, thr_gilwaiter *w) {
  dequeue(gil, w);
  thr_tstate *next =
      gil->word & HELD ? next_asker(gil) : first_to_wake(gil);
  thr_mutex_unlock(&gil->m);
  if (next) thr_tstate_wake(next);
}

bool thr_gil_takeby(thr_tstate *ts, int64_t deadline) {
  thr_gil *gil = &ts->rt->gil;
  thr_gilwaiter w;
  bool late = false;
  thr_mutex_lock(&gil->m);
  queue_up(gil, &w, ts, THR_AT_ONCE);
  while (!late && !w.granted && !try_take(gil)) {
    int64_t until = look(gil, &w);
    sleep_once(gil, &w, until < deadline ? until : deadline);
    late = !w.granted && thr_os_monotonic() >= deadline;
  }
  if (late) give_up(gil, &w);
  else begin_turn(gil, &w);
  return !late;
}

bool thr_gil_invite(thr_tstate *self, thr_tstate *ts, thr_gilwaiter *w,
                    int64_t patience) {
  thr_gil *gil = &ts->rt->gil;
  bool wakes = patience >= gil->posted_from || thr_rest_left(self) > 0;
  lock_as_holder(self);
  queue_up(gil, w, ts, wakes ? patience : THR_AT_ONCE);
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
}

/* --- letting go --- */

/* Under the mutex.  The word stays HELD, so that no other thread takes the lock
** in between.  Returns the thread to wake. */
static thr_tstate *hand_over(thr_gil *gil) {
  thr_gilwaiter *w = gil->queue;
  atomic_store(&gil->drop, false);
  dequeue(gil, w);
  w->granted = true;
  atomic_store(&gil->holder, w->ts);
  return to_wake(w);
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
  if (thr_tstate_tracer(ts)) note_leaves(ts);
  clear_holder(gil, ts);
  if (atomic_compare_exchange_strong_explicit(&gil->word, &held, 0,
                                              memory_order_release,
                                              memory_order_relaxed))
    return -1;
  if (ts->explored) return -1;
  thr_mutex_lock(&gil->m);
  end_turn(gil, ts);
  thr_tstate *next =
      gil->queue && gil->drop ? hand_over(gil) : free_lock(gil);
  thr_mutex_unlock(&gil->m);
  if (!next) return -1;
  int cpu = atomic_load_explicit(&next->gil.cpu, memory_order_relaxed);
  thr_tstate_wake(next); /* not before: it would sleep on the mutex */
  return cpu;
}

/* Under the mutex.  The caller is in the queue before the next one runs, so
** that it can ask.  Returns the thread to wake. */
static thr_tstate *step_back(thr_gil *gil, thr_tstate *ts, thr_gilwaiter *w) {
  clear_holder(gil, ts);
  end_turn(gil, ts);
  thr_tstate *next = hand_over(gil);
  queue_up(gil, w, ts, THR_AT_ONCE);
  w->preempted = true;
  return next;
}

void thr_gil_yield(thr_tstate *ts) {
  thr_gil *gil = &ts->rt->gil;
  thr_tstate *next = NULL;
  thr_gilwaiter w;
  if (ts->explored) {
    ts->rt->calls.explore->at_step(ts);
    return;
  }
  if (!atomic_load_explicit(&gil->drop, memory_order_relaxed) &&
      thr_fault_every() == 0)
    return;
  if (thr_tstate_tracer(ts)) note_preempted(ts);
  lock_as_holder(ts);
  bool waits = gil->queue != NULL;
  if (waits) next = step_back(gil, ts, &w);
  else atomic_store(&gil->drop, false);
  thr_mutex_unlock(&gil->m);
  if (next) thr_tstate_wake(next);
  if (waits) thr_gil_accept(&w);
  else if (thr_tstate_tracer(ts)) note_runs(ts);
}

void thr_gil_keep(thr_gil *gil, bool keep) {
  if (keep) atomic_fetch_or(&gil->word, KEPT);
  else atomic_fetch_and(&gil->word, ~KEPT);
}

bool thr_gil_iskept(const thr_gil *gil) { return gil->word & KEPT; }

void thr_gil_pass(thr_tstate *ts) {
  if (thr_tstate_tracer(ts)) note_ready(ts);
  clear_holder(&ts->rt->gil, ts);
}

void thr_gil_receive(thr_tstate *ts) { become_holder(&ts->rt->gil, ts); }

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
    gil->queued = 0;
    gil->since = 0;
    gil->drop = false;
    ts->explored = NULL; /* the others, and the baton, are the parent's */
    ts->traced = NULL; /* so is who writes what is recorded */
    ts->rest.until = 0; /* the child's time begins anew */
  }
  thr_mutex_unlock(&gil->m);
}
