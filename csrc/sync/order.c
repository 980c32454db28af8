/* order: see order.h. */
#include "sync/order.h"

#include <stdio.h>
#include <string.h>

#include "os/tuning.h"
#include "warn/told.h"

typedef struct edge {
  unsigned long from, to; /* the locks' numbers */
  char from_text[THR_LABEL_ROOM], to_text[THR_LABEL_ROOM]; /* and what they were
                             called, when both were held: they may end */
  thr_where where; /* `to` was taken */
  struct edge *next; /* of those that leave from locks of the same hash */
} edge;

static thr_mutex m = THR_MUTEX_INIT;
static edge edges[THR_MAX_ORDERS];  /* m: a ring */
static size_t n_edges;              /* m: how many there ever were */
static edge *leaving[THR_ORDER_HASH]; /* m */
static thr_told_list told; /* m */

/* While that is as it was, what a thread has noted of its locks refers to
** locks. */
static atomic_ulong frees;

void thr_order_freed(void) { atomic_fetch_add(&frees, 1); }
unsigned long thr_order_frees(void) { return atomic_load(&frees); }
void thr_order_beforefork(void) { thr_mutex_lock(&m); }
void thr_order_afterfork(void) { thr_mutex_unlock(&m); }

/* --- what a thread holds --- */

struct thr_held {
  unsigned long frees; /* when it was last looked through */
  int n;
  thr_ranked locks[THR_MAX_HELD]; /* the first one first */
};

/* Forgets those that it has released, or that were freed, and `lock`. */
static void look_through(thr_tstate *ts, const thr_ranked *lock,
                         const thr_locks *locks) {
  struct thr_held *h = ts->held;
  unsigned long now = thr_order_frees(); /* before the locks are looked at */
  int n = 0;
  for (int i = 0; i < h->n; i++)
    if (h->locks[i].addr != lock->addr &&
        locks->has_still(ts, h->locks[i].addr, h->frees))
      h->locks[n++] = h->locks[i];
  h->n = n;
  h->frees = now;
}

/* --- the graph --- */

static edge **chain(unsigned long number) {
  return &leaving[number % THR_ORDER_HASH];
}

static edge *find(unsigned long from, unsigned long to) {
  edge *e = *chain(from);
  while (e && (e->from != from || e->to != to)) e = e->next;
  return e;
}

static void unlink_edge(const edge *old) {
  edge **link = chain(old->from);
  while (*link && *link != old) link = &(*link)->next;
  if (*link) *link = old->next;
}

static edge *add(const thr_ranked *from, const thr_ranked *to,
                 const thr_where *where, const thr_locks *locks) {
  edge *e = &edges[n_edges++ % THR_MAX_ORDERS];
  if (n_edges > THR_MAX_ORDERS) unlink_edge(e);
  edge **link = chain(from->number);
  e->from = from->number;
  e->to = to->number;
  locks->tell(from, e->from_text);
  locks->tell(to, e->to_text);
  e->where = *where;
  e->next = *link;
  return *link = e;
}

/* A way through the graph: the edges that were come by, each from the end of
** the one `back`. */
typedef struct {
  const edge *of[THR_MAX_WAY];
  int back[THR_MAX_WAY];
  int n;
} ways;

static bool is_known(const ways *w, unsigned long number) {
  for (int i = 0; i < w->n; i++)
    if (w->of[i]->to == number) return true;
  return false;
}

static void follow(ways *w, unsigned long number, int back) {
  for (const edge *e = *chain(number); e && w->n < THR_MAX_WAY; e = e->next) {
    if (e->from != number || is_known(w, e->to)) continue;
    w->back[w->n] = back;
    w->of[w->n++] = e;
  }
}

/* The shortest way: the index of its last edge, or -1. */
static int search_way(ways *w, unsigned long from, unsigned long to) {
  w->n = 0;
  follow(w, from, -1);
  for (int i = 0; i < w->n; i++) {
    if (w->of[i]->to == to) return i;
    follow(w, w->of[i]->to, i);
  }
  return -1;
}

/* --- telling --- */

static uint64_t hash_place(const edge *e) {
  return thr_told_hash("order", &e->where);
}

/* Of the same places, in whatever order, only once. */
static bool is_new(const edge *closing, const ways *w, int last) {
  uint64_t h = hash_place(closing);
  for (int i = last; i >= 0; i = w->back[i]) h += hash_place(w->of[i]);
  return thr_told_isnew(&told, h);
}

static void tell_edge(const edge *e) {
  fprintf(stderr, "%s then %s at %s:%d", e->from_text, e->to_text,
          e->where.file, e->where.line);
}

static void tell_back(const ways *w, int i) {
  if (w->back[i] >= 0) tell_back(w, w->back[i]);
  fprintf(stderr, ", ");
  tell_edge(w->of[i]);
}

/* Under m: in one line. */
static void tell(const edge *closing, const ways *w, int last) {
  fprintf(stderr, "threading: locks are taken in different orders, by which "
          "threads may come to wait for each other for ever: ");
  tell_edge(closing);
  tell_back(w, last);
  fprintf(stderr, ": take them in the same order everywhere\n");
  fflush(stderr);
}

/* --- */

static void note(const thr_ranked *held, const thr_ranked *lock,
                 const thr_where *where, const thr_locks *locks) {
  ways w;
  if (find(held->number, lock->number)) return;
  const edge *e = add(held, lock, where, locks);
  int last = search_way(&w, lock->number, held->number);
  if (last >= 0 && is_new(e, &w, last)) tell(e, &w, last);
}

static void note_all(const struct thr_held *h, const thr_ranked *lock,
                     const thr_where *where, const thr_locks *locks) {
  thr_mutex_lock(&m);
  for (int i = 0; i < h->n; i++) note(&h->locks[i], lock, where, locks);
  thr_mutex_unlock(&m);
}

void thr_order_took(thr_tstate *ts, thr_ranked lock, const thr_where *where,
                    bool waits, const thr_locks *locks) {
  if (!ts->held) ts->held = thr_os_alloc(sizeof(*ts->held));
  struct thr_held *h = ts->held;
  if (!h) return; /* no memory: it is not remembered */
  if (h->n > 0) look_through(ts, &lock, locks);
  else h->frees = thr_order_frees();
  if (waits && h->n > 0) note_all(h, &lock, where, locks);
  if (h->n < THR_MAX_HELD) h->locks[h->n++] = lock;
}
