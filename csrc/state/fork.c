/* fork: see fork.h. */
#include "state/fork.h"

#include "gil/gil.h"
#include "gil/record.h"
#include "park/lot.h"
#include "state/loading.h"
#include "sync/lock.h"
#include "sync/rwlock.h"
#include "warn/told.h"

static thr_group *group_of(const thr_tstate *ts) {
  return ts->rt->member.group;
}

/* Of several records in one group, the first. */
static bool is_first(const thr_tstate *ts) {
  const thr_tstate *first = thr_tls;
  while (group_of(first) != group_of(ts)) first = first->tls_next;
  return first == ts;
}

/* In the order in which they are taken elsewhere: the mutexes of groups,
** runtimes, and threads; the list of locks, what is told, the parking lot, the
** RWLocks, the global locks' queues. */
static void before(void) {
  thr_tstate *ts;
  for (ts = thr_tls; ts; ts = ts->tls_next)
    if (is_first(ts)) thr_mutex_lock(&group_of(ts)->m);
  for (ts = thr_tls; ts; ts = ts->tls_next) thr_mutex_lock(&ts->rt->m);
  for (ts = thr_tls; ts; ts = ts->tls_next) thr_mutex_lock(&ts->nest.m);
  thr_lock_beforefork();
  thr_told_beforefork();
  thr_lot_beforefork();
  thr_rwlock_beforefork();
  for (ts = thr_tls; ts; ts = ts->tls_next) thr_gil_beforefork(&ts->rt->gil);
}

static void unlock(void) {
  thr_tstate *ts;
  thr_told_afterfork();
  thr_lock_afterfork();
  for (ts = thr_tls; ts; ts = ts->tls_next) thr_mutex_unlock(&ts->nest.m);
  for (ts = thr_tls; ts; ts = ts->tls_next) thr_mutex_unlock(&ts->rt->m);
  for (ts = thr_tls; ts; ts = ts->tls_next)
    if (is_first(ts)) thr_mutex_unlock(&group_of(ts)->m);
}

static void in_parent(void) {
  for (thr_tstate *ts = thr_tls; ts; ts = ts->tls_next)
    thr_gil_afterfork(ts, false);
  thr_rwlock_afterfork(false);
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

/* Signals arrive on its thread from now on; the pipe is the parent's too. */
static void take_signals(thr_tstate *ts) {
  thr_tstate_dropbell(ts);
  thr_sem_destroy(&ts->sleep.sem);
  if (!thr_sem_init(&ts->sleep.sem, THR_SEM_PIPE))
    thr_sem_init(&ts->sleep.sem, THR_SEM_SIGNAL);
  if (!ts->signals) thr_os_blocksignals(false);
  ts->signals = true;
  ts->life.native_id = thr_os_nativeid();
  ts->life.os = thr_os_self();
}

static void become_main(thr_tstate *ts) {
  if (ts->is_main) return;
  thr_tstate_ref(ts); /* the old main record keeps its own */
  ts->rt->main = ts;
  ts->is_main = true;
  stay_attached(ts);
}

static void put_in_list(thr_runtime *rt, thr_tstate *ts) {
  ts->prev = NULL;
  ts->next = rt->threads;
  if (ts->next) ts->next->prev = ts;
  rt->threads = ts;
}

/* The records of the others stay: handles refer to them.  One that has entered
** this Lua state becomes no main one: that is here, and no OS thread's. */
static void forget_others(thr_tstate *self) {
  thr_runtime *rt = self->rt;
  bool entered = self->nest.uncounted;
  thr_tstate *next = NULL;
  for (thr_tstate *ts = rt->threads; ts; ts = next) {
    next = ts->next;
    if (ts == self || (entered && ts == rt->main)) continue;
    ts->life.phase = THR_STOPPED;
    thr_tstate_dropbell(ts);
  }
  rt->threads = NULL;
  put_in_list(rt, self);
  if (entered) put_in_list(rt, rt->main);
  rt->retired = NULL; /* no OS thread to join */
  rt->spin.spinner = NULL; /* it may have been another */
  if (rt->end.ender != self) rt->end.ender = NULL;
  rt->alive = entered;
  rt->nondaemons = 0;
  rt->attach.outside = entered && self->nest.outside;
  self->nest.outside = rt->attach.outside;
  if (!entered) become_main(self);
}

/* It has been there, and stays outside: other threads, which are gone, may have
** left that Lua state in the middle of something. */
static bool is_forgotten(thr_tstate *ts) {
  if (!ts->nest.uncounted || !ts->nest.outside) return false;
  ts->rt->end.closing = true;
  ts->id = NULL;
  return true;
}

/* Of its group the thread knows the Lua states that it is in, and no others. */
static void forget_states(const thr_tstate *self) {
  thr_group *group = group_of(self);
  thr_member **link = &group->members;
  group->awake = 1;
  for (thr_tstate *ts = thr_tls; ts; ts = ts->tls_next) {
    if (group_of(ts) != group || !ts->id || is_forgotten(ts)) continue;
    group->awake += ts->rt->doors;
    *link = &ts->rt->member;
    link = &(*link)->next;
  }
  *link = NULL;
}

static void in_child(void) {
  for (thr_tstate *ts = thr_tls; ts; ts = ts->tls_next) {
    thr_gil_afterfork(ts, true);
    forget_others(ts);
    thr_loading_afterfork(ts);
    take_signals(ts);
    if (is_first(ts)) forget_states(ts);
  }
  thr_rwlock_afterfork(true);
  thr_lot_afterfork(true);
  unlock();
}

int thr_fork_open(void) {
  static bool done; /* thr_os_atfork's */
  return thr_os_atfork(&done, before, in_parent, in_child);
}
