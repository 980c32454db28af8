/* interp: see interp.h. */
#include "interp/interp.h"

#include <stdio.h>

#define CLOSING 0x80000000u /* of `use` */

static atomic_llong next_id = 1;         /* never used twice */
static thr_mutex mutex = THR_MUTEX_INIT; /* of the list */
static thr_interp *first;                /* mutex */
static atomic_bool any_dropped;          /* atomic: a hint */

thr_interp *thr_interp_new(thr_runtime *rt, thr_interp *main) {
  thr_interp *i = thr_os_alloc(sizeof(*i));
  if (!i) return NULL;
  atomic_init(&i->refs, 1);
  atomic_init(&i->boxes, 1);
  i->rt = rt;
  atomic_fetch_add(&rt->refs, 1);
  i->outer = (thr_hold){i, true};
  i->inner = (thr_hold){i, false};
  i->main = main ? main : i;
  if (main) {
    thr_interp_ref(main);
    i->id = atomic_fetch_add(&next_id, 1);
  }
  rt->number = i->id;
  snprintf(i->name, sizeof(i->name), "interpreter %lld", (long long)i->id);
  return i;
}

void thr_interp_ref(thr_interp *i) {
  atomic_fetch_add_explicit(&i->refs, 1, memory_order_relaxed);
}

void thr_interp_unref(thr_interp *i) {
  if (atomic_fetch_sub(&i->refs, 1) != 1) return;
  if (i->main != i) thr_interp_unref(i->main);
  thr_runtime_unref(i->rt);
  thr_os_free(i);
}

void thr_interp_box(thr_interp *i) {
  thr_interp_ref(i);
  atomic_fetch_add(&i->boxes, 1);
}

void thr_interp_unbox(thr_interp *i) {
  if (atomic_fetch_sub(&i->boxes, 1) == 1 && !i->closed)
    atomic_store_explicit(&any_dropped, true, memory_order_relaxed);
  thr_interp_unref(i);
}

bool thr_interp_anydropped(void) {
  return atomic_load_explicit(&any_dropped, memory_order_relaxed);
}

/* --- the list --- */

bool thr_interp_enlist(thr_interp *i) {
  thr_mutex_lock(&mutex);
  bool may = !thr_interp_isclosing(i->main);
  thr_interp **link = &first;
  while (*link) link = &(*link)->next;
  if (may) {
    thr_interp_ref(i);
    *link = i;
  }
  thr_mutex_unlock(&mutex);
  return may;
}

thr_interp *thr_interp_mainof(const thr_runtime *rt) {
  thr_mutex_lock(&mutex);
  thr_interp *i = first;
  while (i && (i->rt != rt || i->main != i)) i = i->next;
  if (i) thr_interp_ref(i);
  thr_mutex_unlock(&mutex);
  return i;
}

void thr_interp_end(thr_interp *main) {
  thr_mutex_lock(&mutex);
  atomic_fetch_or(&main->use, CLOSING);
  thr_mutex_unlock(&mutex);
}

void thr_interp_delist(thr_interp *i) {
  thr_mutex_lock(&mutex);
  thr_interp **link = &first;
  while (*link && *link != i) link = &(*link)->next;
  bool was = *link != NULL;
  if (was) *link = i->next;
  i->next = NULL;
  thr_mutex_unlock(&mutex);
  if (was) thr_interp_unref(i);
}

/* One that has no box any more shall not get one again: whoever looks at the
** list might be too late. */
static bool take_box(thr_interp *i) {
  int boxes = i->boxes;
  while (boxes > 0)
    if (atomic_compare_exchange_weak(&i->boxes, &boxes, boxes + 1)) {
      thr_interp_ref(i);
      return true;
    }
  return false;
}

thr_interp *thr_interp_after(const thr_runtime *main, int64_t id) {
  thr_mutex_lock(&mutex);
  thr_interp *i = first;
  while (i && (i->main->rt != main || i->id <= id || thr_interp_isclosing(i) ||
               !take_box(i)))
    i = i->next;
  thr_mutex_unlock(&mutex);
  return i;
}

int thr_interp_all(const thr_interp *main, thr_interp **list, int room) {
  int n = 0;
  thr_mutex_lock(&mutex);
  for (thr_interp *i = first; i; i = i->next) {
    if (i->main != main || thr_interp_isclosing(i)) continue;
    if (n >= room) n++;
    else if (take_box(i)) list[n++] = i;
  }
  thr_mutex_unlock(&mutex);
  return n;
}

/* Is it left to itself: no box, no thread inside or of its own? */
static bool is_dropped(const thr_interp *i) {
  return i->boxes == 0 && i->rt->alive == i->rt->attach.outside;
}

static bool must_close(thr_interp *i, bool all) {
  if (all) return !(atomic_fetch_or(&i->use, CLOSING) & CLOSING);
  return is_dropped(i) && thr_interp_startclosing(i);
}

thr_interp *thr_interp_toclose(const thr_interp *main, bool all) {
  thr_mutex_lock(&mutex);
  any_dropped = false;
  thr_interp *i = first;
  while (i && (i->main != main || i == main || !must_close(i, all)))
    i = i->next;
  if (i) thr_interp_ref(i);
  thr_mutex_unlock(&mutex);
  return i;
}

/* --- inside --- */

bool thr_interp_comein(thr_interp *i) {
  unsigned use = i->use;
  while (!(use & CLOSING))
    if (atomic_compare_exchange_weak(&i->use, &use, use + 1)) return true;
  return false;
}

void thr_interp_goout(thr_interp *i) { atomic_fetch_sub(&i->use, 1); }

int thr_interp_inside(const thr_interp *i) { return (int)(i->use & ~CLOSING); }

bool thr_interp_ishere(const thr_interp *i) {
  const thr_tstate *ts = thr_tstate_here(i->rt);
  return ts && !ts->nest.outside;
}

bool thr_interp_startclosing(thr_interp *i) {
  unsigned nobody = 0;
  return atomic_compare_exchange_strong(&i->use, &nobody, CLOSING);
}

bool thr_interp_isclosing(const thr_interp *i) {
  return (i->use & CLOSING) != 0;
}

/* --- fork --- */

static void before_fork(void) { thr_mutex_lock(&mutex); }
static void in_parent(void) { thr_mutex_unlock(&mutex); }

/* The forking thread is there: it began there, or has entered it. */
static bool stays(const thr_interp *i) {
  const thr_tstate *ts = thr_tstate_here(i->rt);
  return i->id == 0 || (ts && ts->id && !ts->nest.outside);
}

/* How many threads are inside, which is one at most. */
static unsigned count_inside(const thr_interp *i) {
  const thr_tstate *ts = thr_tstate_here(i->rt);
  return ts && ts->nest.outer ? 1 : 0;
}

/* The list's reference to one that is gone is kept: what other threads were
** doing in its Lua state will never be done, and nobody may close it. */
static void in_child(void) {
  thr_interp **link = &first;
  while (*link) {
    thr_interp *i = *link;
    i->use = stays(i) ? count_inside(i) : CLOSING;
    i->closed = !stays(i);
    if (stays(i)) link = &i->next;
    else *link = i->next;
  }
  thr_mutex_unlock(&mutex);
}

int thr_interp_openfork(void) {
  static bool done; /* thr_os_atfork's */
  return thr_os_atfork(&done, before_fork, in_parent, in_child);
}
