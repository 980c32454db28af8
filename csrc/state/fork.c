/* fork: see fork.h. */
#include "state/fork.h"

#include "gil/gil.h"
#include "gil/record.h"
#include "park/lot.h"
#include "state/loading.h"
#include "sync/lock.h"

/* In the order in which they are taken elsewhere: the runtimes' mutexes, the
** list of locks, the parking lot, the global locks' queues. */
static void before(void) {
  thr_tstate *ts;
  for (ts = thr_tls; ts; ts = ts->tls_next) thr_mutex_lock(&ts->rt->m);
  thr_lock_beforefork();
  thr_lot_beforefork();
  for (ts = thr_tls; ts; ts = ts->tls_next) thr_gil_beforefork(&ts->rt->gil);
}

static void unlock(void) {
  thr_tstate *ts;
  thr_lock_afterfork();
  for (ts = thr_tls; ts; ts = ts->tls_next) thr_mutex_unlock(&ts->rt->m);
}

static void in_parent(void) {
  for (thr_tstate *ts = thr_tls; ts; ts = ts->tls_next)
    thr_gil_afterfork(ts, false);
  thr_lot_afterfork(false);
  unlock();
}

/* What was attached stays so, as a thread of Lua's own that attaches: to
** detach gives back the lock. */
static void stay_attached(thr_tstate *ts) {
  if (ts->nest.foreign && ts->nest.depth < THR_MAX_NESTED)
    ts->nest.took |= UINT64_C(1) << ts->nest.depth++;
  ts->nest.foreign = false;
}

static void become_main(thr_tstate *ts) {
  thr_runtime *rt = ts->rt;
  thr_tstate_dropbell(ts);
  thr_sem_destroy(&ts->sleep.sem); /* the pipe is the parent's too */
  if (!thr_sem_init(&ts->sleep.sem, THR_SEM_PIPE))
    thr_sem_init(&ts->sleep.sem, THR_SEM_SIGNAL);
  if (!ts->is_main) {
    thr_tstate_ref(ts); /* the old main record keeps its own */
    rt->main = ts;
    ts->is_main = true;
    stay_attached(ts);
    thr_os_blocksignals(false);
  }
  ts->life.native_id = thr_os_nativeid();
  ts->life.os = thr_os_self();
}

/* The records of the others stay: handles refer to them. */
static void forget_others(thr_tstate *self) {
  thr_runtime *rt = self->rt;
  for (thr_tstate *ts = rt->threads; ts; ts = ts->next) {
    if (ts == self) continue;
    ts->life.phase = THR_STOPPED;
    thr_tstate_dropbell(ts);
  }
  rt->threads = self;
  self->next = self->prev = NULL;
  rt->retired = NULL; /* no OS thread to join */
  rt->spin.spinner = NULL; /* it may have been another */
  if (rt->end.ender != self) rt->end.ender = NULL;
  rt->alive = rt->nondaemons = rt->attach.outside = 0;
  self->nest.outside = false;
  rt->deadlock.awake = 1 + rt->deadlock.doors;
}

static void in_child(void) {
  for (thr_tstate *ts = thr_tls; ts; ts = ts->tls_next) {
    thr_gil_afterfork(ts, true);
    forget_others(ts);
    thr_loading_afterfork(ts);
    become_main(ts);
  }
  thr_lot_afterfork(true);
  unlock();
}

int thr_fork_open(void) { return thr_os_atfork(before, in_parent, in_child); }
