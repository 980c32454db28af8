/* park: see park.h for the laws. */
#include "park/park.h"

#include "gil/ctrlc.h"
#include "gil/vclock.h"
#include "gil/whose.h"
#include "os/fault.h"
#include "os/tuning.h"
#include "park/deadlock.h"

/* Has a signal, or a request, come that ends this wait?  Asked on the
** thread on which they arrive: the others block all signals that a Lua hook
** could serve. */
static bool is_signalled(void *arg) {
  thr_waiter *w = arg;
  if (w->signalled && w->signalled()) return true;
  return !w->masked && (thr_waiter_pending(w) || thr_ctrlc_signalled(w->ts));
}

/* May what this thread waits for come before it has fallen asleep?  Only from
** the thread that has got the global lock from it, if that runs on a processor
** of its own: on ours it could not run before we sleep.  And as long as it came
** so before: after some vain looks it rests, and then tries again. */
static bool is_worth_spinning(thr_waiter *w) {
  thr_tstate *ts = w->ts;
  if (w->is_sleep || w->watch || ts->rt->spin.one_cpu || !w->wants_gil ||
      ts->sleep.successor_cpu < 0 || ts->sleep.successor_cpu == ts->gil.cpu)
    return false;
  return ts->sleep.spins >= 0 || ++ts->sleep.spins == 0;
}

/* Looks for the token for some microseconds before it sleeps: to wake a sleeper
** on another processor costs more.  One thread of a Lua state at a time. */
static bool spin(thr_waiter *w) {
  thr_tstate *ts = w->ts, *nobody = NULL, *me = ts;
  bool found = false;
  if (!is_worth_spinning(w) ||
      !atomic_compare_exchange_strong(&ts->rt->spin.spinner, &nobody, ts))
    return false;
  int most = ts->sleep.spins > 0 ? ts->sleep.spins : THR_MAX_SPINS;
  for (int i = most; i > 0 && !found; i--) {
    found = thr_sem_try(&ts->sleep.sem);
    thr_os_relax();
  }
  atomic_compare_exchange_strong(&ts->rt->spin.spinner, &me, NULL);
  ts->sleep.spins = found                  ? THR_MAX_SPINS
                    : most > THR_MIN_SPINS ? most / THR_SPINS_SHRINK
                                           : -THR_SPIN_RESTS;
  return found;
}

static thr_semwait sleep_once(thr_waiter *w, int64_t deadline) {
  thr_sem *sem = thr_waiter_sem(w);
  deadline = thr_fault_until(deadline, thr_os_monotonic);
  if (spin(w)) return THR_SEM_TAKEN;
  if (w->ts->signals)
    return thr_sem_waitafter(sem, w->watch, deadline, is_signalled, w);
  return w->watch ? thr_sem_waitfd(sem, w->watch, deadline)
                  : thr_sem_wait(sem, deadline);
}

/* Has the time come?  Asked where a descriptor is ready again and again. */
static bool is_late(int64_t deadline) {
  return deadline != THR_FOREVER && thr_os_monotonic() >= deadline &&
         !thr_fault_early(deadline, thr_os_monotonic);
}

static thr_parkresult sleep_until(thr_waiter *w, int64_t deadline) {
  if (w->attempt && !w->comes_late && w->attempt(w))
    return thr_lot_leave(w, THR_PARK_READY);
  for (;;) {
    switch (sleep_once(w, deadline)) {
      case THR_SEM_TAKEN:
        if (thr_lot_isended(w)) return w->result;
        break; /* a stray token */
      case THR_SEM_READY:
        if (!w->attempt || w->attempt(w))
          return thr_lot_leave(w, THR_PARK_READY);
        if (is_late(deadline)) return thr_lot_leave(w, THR_PARK_TIMEOUT);
        break;
      case THR_SEM_TIMEOUT:
        if (!thr_fault_early(deadline, thr_os_monotonic))
          return thr_lot_leave(w, THR_PARK_TIMEOUT);
        break;
      case THR_SEM_EINTR:
        if (w->ts->signals && is_signalled(w))
          return thr_lot_leave(w, THR_PARK_INTERRUPTED);
    }
  }
}

THR_RARE static void note_waits(thr_waiter *w) {
  thr_tstate_tracer(w->ts)->waits(w);
}

THR_RARE static void note_woken(thr_waiter *w) {
  thr_tstate_tracer(w->ts)->woken(w);
}

/* Lets go of the global lock, if the thread holds it, for as long as it
** sleeps. */
static thr_parkresult sleep_outside(thr_waiter *w, int64_t deadline) {
  thr_tstate *ts = w->ts;
  if (thr_tstate_tracer(ts)) note_waits(w);
  ts->gil.cpu = thr_os_cpu();
  ts->sleep.successor_cpu = w->wants_gil ? thr_gil_release(ts) : -1;
  thr_parkresult r = sleep_until(w, deadline);
  ts->gil.cpu = thr_os_cpu();
  if (thr_tstate_tracer(ts)) note_woken(w);
  if (w->invited) thr_gil_accept(&w->turn);
  else if (w->wants_gil)
    thr_gil_take(ts, r == THR_PARK_WOKEN ? w->patience : THR_AT_ONCE);
  return r;
}

/* There is no time left: to sleep would only cost a switch there and back, at
** each look of a thread that polls.  A sleep of no time lets others run. */
static bool is_look(const thr_waiter *w, int64_t deadline) {
  return deadline <= w->since && !w->is_sleep &&
         !thr_fault_early(deadline, thr_os_monotonic);
}

/* A thread that asks for the global lock gets it here, too: a poll may run
** where hooks are off, as in a finaliser. */
static thr_parkresult look(thr_waiter *w) {
  thr_tstate *ts = w->ts;
  if (w->wants_gil && ts->rt->gil.drop && thr_whose_isown(ts))
    thr_gil_yield(ts);
  if (thr_waiter_pending(w) || (ts->signals && is_signalled(w)))
    return THR_PARK_INTERRUPTED;
  if (w->attempt) return w->attempt(w) ? THR_PARK_READY : THR_PARK_TIMEOUT;
  if (w->watch && thr_os_look(w->watch)) return THR_PARK_READY;
  return THR_PARK_TIMEOUT;
}

thr_parkresult thr_park(thr_waiter *w, int64_t deadline) {
  thr_tstate *ts = w->ts;
  if (w->since == 0) w->since = thr_vclock_now();
  w->wants_gil = ts->gil.held;
  if (is_look(w, deadline)) return look(w);
  w->unbounded = deadline == THR_FOREVER && !w->watch;
  if (w->wants_gil && !thr_whose_isown(ts))
    return w->attempt && w->attempt(w) ? THR_PARK_READY : THR_PARK_NOTOWN;
  w->reportable = w->wants_gil && !w->masked && thr_deadlock_isreportable(ts);
  w->invited = false;
  if (!thr_deadlock_publish(w)) return THR_PARK_DEADLOCK;
  thr_parkresult r = thr_lot_enter(w);
  if (r == THR_PARK_ENTERED && !w->reportable) thr_deadlock_check(ts->rt);
  if (r == THR_PARK_ENTERED && ts->explored)
    r = (thr_parkresult)ts->rt->calls.explore->park(w, deadline);
  else if (r == THR_PARK_ENTERED)
    r = sleep_outside(w, deadline);
  atomic_store(&ts->sleep.parked_at, NULL);
  thr_deadlock_unpublish(ts);
  return r;
}
