/* trail: see trail.h. */
#include "explore/trail.h"

#include "os/os.h"

/* FNV-1a */
#define BASIS UINT64_C(14695981039346656037)
#define PRIME UINT64_C(1099511628211)

void thr_trail_init(thr_trail *t, bool wants_alternatives) {
  *t = (thr_trail){.hash = BASIS, .wants_alternatives = wants_alternatives};
}

void thr_trail_destroy(thr_trail *t) {
  thr_os_free(t->segments.of);
  thr_os_free(t->alternatives.of);
}

static bool add(thr_pairs *p, int64_t first, int64_t second) {
  if (p->n == p->room) {
    int room = p->room ? 2 * p->room : 64;
    thr_pair *of = thr_os_realloc(p->of, (size_t)room * sizeof(*of));
    if (!of) return false;
    p->of = of;
    p->room = room;
  }
  p->of[p->n++] = (thr_pair){first, second};
  return true;
}

static void hash(thr_trail *t, uint64_t x) { t->hash = (t->hash ^ x) * PRIME; }

void thr_trail_arrive(thr_trail *t, int thread, uint64_t where) {
  thr_pairs *s = &t->segments;
  t->points++;
  hash(t, (uint64_t)thread);
  hash(t, where);
  if (s->n > 0 && s->of[s->n - 1].first == thread) s->of[s->n - 1].second++;
  else if (!add(s, thread, 1)) t->full = true;
}

static int64_t bits_of_others(const thr_point *p, int next) {
  uint64_t bits = p->goes_on ? UINT64_C(1) << 63 : 0;
  if (p->fresh) bits |= UINT64_C(1) << 62;
  for (int i = 0; i < p->n; i++)
    if (p->ready[i] != next && p->ready[i] < 63)
      bits |= UINT64_C(1) << (p->ready[i] - 1);
  return (int64_t)bits;
}

void thr_trail_leave(thr_trail *t, const thr_point *p, int next) {
  if (t->wants_alternatives && p->n > 1 &&
      !add(&t->alternatives, p->number, bits_of_others(p, next)))
    t->full = true;
  if (next == p->current) return;
  if (!add(&t->segments, next, 0)) t->full = true;
  t->switches++;
  if (p->goes_on) t->preemptions++;
}
