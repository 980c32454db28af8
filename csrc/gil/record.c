/* record: making, finding and dropping the records, see record.h. */
#include "gil/record.h"

#include <string.h>

THR_TLS thr_tstate *thr_tls = NULL;

/* Idents are never recycled: with the ident of a dead owner, a new thread
** would own its locks (CPython's gh-128167). */
static atomic_ullong next_ident = 1;

/* The signal handler may walk the list at any moment, so that it has to be
** whole at any moment.  (It may miss the record that moves; the waiter signals
** again.) */
static void put_first(thr_tstate *ts) {
  atomic_signal_fence(memory_order_seq_cst);
  ts->tls_next = thr_tls;
  atomic_signal_fence(memory_order_seq_cst);
  thr_tls = ts;
}

thr_tstate *thr_tstate_find(const void *id) {
  thr_tstate **link = &thr_tls;
  while (*link && (*link)->id != id) link = &(*link)->tls_next;
  thr_tstate *ts = *link;
  if (!ts) return NULL;
  *link = ts->tls_next; /* move to the front */
  put_first(ts);
  return ts;
}

thr_tstate *thr_tstate_here(const thr_runtime *rt) {
  thr_tstate *ts = thr_tls;
  while (ts && ts->rt != rt) ts = ts->tls_next;
  return ts;
}

thr_runtime *thr_runtime_new(const void *id, struct lua_State *mainL,
                             thr_group *group) {
  thr_runtime *rt = thr_os_alloc(sizeof(*rt));
  if (!rt) return NULL;
  if (group) thr_group_ref(group);
  else group = thr_group_new();
  if (!group) {
    thr_os_free(rt);
    return NULL;
  }
  rt->member = (thr_member){.group = group, .rt = rt};
  atomic_init(&rt->gil.interval, THR_INTERVAL);
  rt->gil.posted_from = THR_STREAM;
  thr_mutex_init(&rt->gil.m);
  rt->id = id;
  rt->spin.one_cpu = thr_os_cpucount() < 2;
  rt->mainL = mainL;
  atomic_init(&rt->refs, 1);
  thr_mutex_init(&rt->m);
  return rt;
}

bool thr_runtime_any(thr_group *group, bool (*see)(void *arg, thr_runtime *rt),
                     void *arg) {
  bool found = false;
  thr_mutex_lock(&group->m);
  for (thr_member *m = group->members; m && !found; m = m->next) {
    thr_mutex_lock(&m->rt->m);
    found = see(arg, m->rt);
    thr_mutex_unlock(&m->rt->m);
  }
  thr_mutex_unlock(&group->m);
  return found;
}

void thr_runtime_unref(thr_runtime *rt) {
  if (atomic_fetch_sub(&rt->refs, 1) != 1) return;
  thr_group_unref(rt->member.group);
  thr_mutex_destroy(&rt->gil.m);
  thr_mutex_destroy(&rt->m);
  thr_os_free(rt);
}

thr_tstate *thr_tstate_new(thr_runtime *rt, bool signals) {
  thr_tstate *ts = thr_os_alloc(sizeof(*ts));
  if (!ts) return NULL;
  if (!thr_sem_init(&ts->sleep.sem, signals ? THR_SEM_PIPE : THR_SEM_PLAIN)) {
    thr_os_free(ts);
    return NULL;
  }
  ts->id = rt->id;
  ts->signals = signals;
  ts->rt = rt;
  ts->ident = atomic_fetch_add(&next_ident, 1);
  ts->hooks.random = (uint32_t)ts->ident * 2654435761u | 1;
  atomic_init(&ts->kept.steps, 1);
  thr_mutex_init(&ts->nest.m);
  atomic_init(&ts->refs, 1);
  atomic_fetch_add(&rt->refs, 1);
  return ts;
}

void thr_tstate_hearsignals(thr_tstate *ts) {
  thr_sem_destroy(&ts->sleep.sem);
  thr_sem_init(&ts->sleep.sem, THR_SEM_SIGNAL);
  ts->signals = true;
}

void thr_tstate_ref(thr_tstate *ts) { atomic_fetch_add(&ts->refs, 1); }

void thr_tstate_unref(thr_tstate *ts) {
  if (atomic_fetch_sub(&ts->refs, 1) != 1) return;
  thr_sem_destroy(&ts->sleep.sem);
  thr_mutex_destroy(&ts->nest.m);
  thr_os_free(ts->held);
  thr_os_free(ts->made);
  thr_runtime_unref(ts->rt);
  thr_os_free(ts);
}

/* A thread that is woken does not spin any more: the caller may want to, at
** once. */
static void end_spin(thr_tstate *ts) {
  thr_tstate *spinner = ts;
  if (atomic_load_explicit(&ts->rt->spin.spinner, memory_order_relaxed) == ts)
    atomic_compare_exchange_strong(&ts->rt->spin.spinner, &spinner, NULL);
}

void thr_tstate_wake(thr_tstate *ts) {
  end_spin(ts);
  thr_sem_post(&ts->sleep.sem);
  thr_tstate_unref(ts);
}

static atomic_int pipes;

void thr_tstate_makebell(thr_tstate *ts) {
  if (ts->signals || ts->sleep.bell.kind != THR_SEM_PLAIN) return;
  if (atomic_fetch_add(&pipes, 1) < THR_MAX_BELLS &&
      thr_sem_init(&ts->sleep.bell, THR_SEM_PIPE))
    return;
  atomic_fetch_sub(&pipes, 1);
  thr_sem_init(&ts->sleep.bell, THR_SEM_SIGNAL);
}

void thr_tstate_dropbell(thr_tstate *ts) {
  if (ts->sleep.bell.kind == THR_SEM_PLAIN) return;
  if (ts->sleep.bell.kind == THR_SEM_PIPE) atomic_fetch_sub(&pipes, 1);
  thr_sem_destroy(&ts->sleep.bell);
  ts->sleep.bell.kind = THR_SEM_PLAIN;
}

void thr_tstate_setname(thr_tstate *ts, const char *name) {
  size_t n = strlen(name);
  if (n >= sizeof(ts->life.name)) n = sizeof(ts->life.name) - 1;
  memcpy(ts->life.name, name, n);
  ts->life.name[n] = '\0';
}

const char *thr_tstate_shownname(const thr_tstate *ts) {
  if (ts->life.name[0]) return ts->life.name;
  return ts->is_main ? "MainThread" : "thread";
}

thr_tstate *thr_tstate_byident(const thr_runtime *rt, uint64_t ident) {
  thr_tstate *ts = rt->threads;
  while (ts && ts->ident != ident) ts = ts->next;
  return ts;
}

void thr_tstate_bind(thr_tstate *ts) {
  thr_tstate_ref(ts);
  put_first(ts);
}

void thr_tstate_unbind(thr_tstate *ts) {
  thr_tstate **link = &thr_tls;
  while (*link && *link != ts) link = &(*link)->tls_next;
  if (!*link) return;
  *link = ts->tls_next;
  atomic_signal_fence(memory_order_seq_cst);
  thr_tstate_dropbell(ts);
  thr_tstate_unref(ts);
}

static void put_in_list(thr_tstate *ts) {
  thr_runtime *rt = ts->rt;
  if (ts->nest.foreign) thr_tstate_ref(ts);
  ts->prev = NULL;
  ts->next = rt->threads;
  if (ts->next) ts->next->prev = ts;
  rt->threads = ts;
  if (!ts->is_main) {
    rt->alive++;
    if (!ts->life.daemon) rt->nondaemons++;
  }
  if (!ts->nest.uncounted) rt->member.group->awake++;
  const thr_trace_calls *tracer = rt->member.group->tracer;
  if (tracer) tracer->add(ts);
}

bool thr_tstate_enlist(thr_tstate *ts) {
  thr_runtime *rt = ts->rt;
  thr_mutex_lock(&rt->m);
  bool may = !ts->nest.foreign || !rt->end.closing;
  if (may) put_in_list(ts);
  thr_mutex_unlock(&rt->m);
  return may;
}

int thr_tstate_delist(thr_tstate *ts) {
  thr_runtime *rt = ts->rt;
  thr_mutex_lock(&rt->m);
  if (ts->prev) ts->prev->next = ts->next;
  else rt->threads = ts->next;
  if (ts->next) ts->next->prev = ts->prev;
  if (!ts->is_main) {
    rt->alive--;
    if (!ts->life.daemon) rt->nondaemons--;
  }
  int left = rt->nondaemons;
  thr_mutex_unlock(&rt->m);
  const thr_trace_calls *tracer = thr_tstate_tracer(ts);
  if (tracer) tracer->leave(ts);
  if (ts->nest.foreign) thr_tstate_unref(ts); /* its own is left */
  return left;
}

void thr_tstate_retire(thr_tstate *ts) {
  thr_tstate **link = &ts->rt->retired;
  thr_tstate_ref(ts);
  while (*link) link = &(*link)->retired_next; /* a short list */
  *link = ts;
  ts->retired_next = NULL;
}

thr_tstate *thr_tstate_takeretired(thr_runtime *rt, int keep) {
  thr_tstate *first = rt->retired, **link = &rt->retired;
  int n = -keep;
  for (thr_tstate *ts = first; ts; ts = ts->retired_next) n++;
  if (n <= 0) return NULL;
  for (; n > 0 && *link; n--) link = &(*link)->retired_next;
  rt->retired = *link;
  *link = NULL;
  return first;
}

void thr_tstate_giveretired(thr_runtime *rt, thr_tstate *first) {
  thr_tstate **link = &first;
  while (*link) link = &(*link)->retired_next;
  *link = rt->retired;
  rt->retired = first;
}

void thr_tstate_joinretired(thr_tstate *first) {
  while (first) {
    thr_tstate *ts = first;
    first = ts->retired_next;
    thr_os_join(ts->life.os);
    thr_tstate_unref(ts);
  }
}
