/* meter: see meter.h. */
#include "sync/meter.h"

#include <string.h>

atomic_uint thr_meter_session;

static thr_mutex m = THR_MUTEX_INIT;
static thr_meter *all; /* m */
static int n_all;      /* m */
static unsigned last;  /* m: the last recording's number */

/* --- a recording --- */

void thr_meter_start(void) {
  thr_mutex_lock(&m);
  atomic_store(&thr_meter_session, ++last);
  thr_mutex_unlock(&m);
}

thr_meter *thr_meter_all(void) {
  thr_mutex_lock(&m);
  thr_meter *list = all;
  thr_mutex_unlock(&m);
  return list;
}

static void unref(thr_meter *meter) {
  if (atomic_fetch_sub(&meter->refs, 1) == 1) thr_os_free(meter);
}

void thr_meter_unrefall(thr_meter *meter) {
  while (meter) {
    thr_meter *older = meter->older;
    unref(meter);
    meter = older;
  }
}

void thr_meter_stop(void) {
  thr_mutex_lock(&m);
  atomic_store(&thr_meter_session, 0);
  thr_meter *list = all, *next;
  all = NULL;
  n_all = 0;
  thr_mutex_unlock(&m);
  for (; list; list = next) {
    next = list->next;
    unref(list);
  }
}

/* What the child has of the list is the parent's. */
void thr_meter_afterfork(void) {
  thr_mutex_init(&m);
  all = NULL;
  n_all = 0;
  atomic_store(&thr_meter_session, 0);
}

/* --- a lock --- */

/* False: there are too many; or the recording is over, so that nobody would
** take it out of the list again. */
static bool put_in_list(thr_meter *meter) {
  thr_mutex_lock(&m);
  bool may = n_all < THR_MAX_METERS && meter->session == thr_meter_session;
  if (may) {
    meter->number = (unsigned long)++n_all;
    atomic_fetch_add(&meter->refs, 1);
    meter->next = all;
    all = meter;
  }
  thr_mutex_unlock(&m);
  return may;
}

static thr_meter *make(void) {
  thr_meter *meter = thr_os_alloc(sizeof(*meter));
  if (meter) atomic_init(&meter->refs, 1);
  return meter;
}

thr_meter *thr_meter_new(thr_tstate *ts, const char *kind, const void *object,
                         const thr_label *label) {
  thr_meter *meter = make();
  if (!meter) return NULL;
  meter->session = thr_meter_session;
  meter->kind = kind;
  meter->pid = ts->rt->number;
  thr_label_tellplace(meter->object, kind, object, label);
  if (put_in_list(meter)) return meter;
  unref(meter);
  return NULL;
}

static thr_metered *add(thr_meter *meter, thr_tstate *ts,
                        const thr_where *where) {
  thr_metered *h = &meter->holders[meter->n];
  h->ident = ts->ident;
  h->where = *where;
  thr_mutex_lock(&ts->rt->m);
  strcpy(h->name, thr_tstate_shownname(ts));
  thr_mutex_unlock(&ts->rt->m);
  atomic_store(&meter->n, meter->n + 1);
  return h;
}

static thr_metered *find(thr_meter *meter, thr_tstate *ts,
                         const thr_where *where) {
  for (int i = 0; i < meter->n; i++) {
    thr_metered *h = &meter->holders[i];
    if (h->ident == ts->ident && thr_describe_issame(&h->where, where))
      return h;
  }
  if (meter->n < THR_METERED) return add(meter, ts, where);
  return &meter->holders[THR_METERED - 1];
}

static void add_to(atomic_llong *n, long long more) {
  atomic_fetch_add_explicit(n, more, memory_order_relaxed);
}

/* Those that were not measured are as the last one that was. */
static void add_passed(thr_meter *meter) {
  int passed = meter->passed - 1; /* without this one */
  meter->passed = 0;
  if (!meter->by || passed == 0) return;
  add_to(&meter->by->count, passed);
  add_to(&meter->by->total, passed * meter->length);
}

/* Without the global lock it is C's. */
void thr_meter_beginhold(thr_meter *meter, thr_tstate *ts) {
  thr_where where = {.line = 0};
  if (ts->gil.held && ts->lua.running)
    thr_describe_caller(ts->lua.running, &where);
  add_passed(meter);
  meter->by = find(meter, ts, &where);
  meter->since = thr_os_monotonic();
}

/* So many are not measured that those which are take a twentieth of the
** time. */
static int to_skip(int64_t length) {
  int64_t skip = THR_METER_COST / (length + THR_METER_LEAST);
  return skip < THR_METER_SKIP ? (int)skip : THR_METER_SKIP;
}

void thr_meter_endhold(thr_meter *meter) {
  int64_t length = thr_os_monotonic() - meter->since;
  thr_metered *h = meter->by;
  add_to(&h->count, 1);
  add_to(&h->total, length);
  if (length > h->longest) h->longest = length;
  meter->length = length;
  meter->skip = to_skip(length);
}
