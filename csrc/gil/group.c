/* group: see group.h. */
#include "gil/group.h"

thr_group *thr_group_new(void) {
  thr_group *g = thr_os_alloc(sizeof(*g));
  if (!g) return NULL;
  atomic_init(&g->refs, 1);
  thr_mutex_init(&g->m);
  return g;
}

void thr_group_ref(thr_group *g) {
  atomic_fetch_add_explicit(&g->refs, 1, memory_order_relaxed);
}

void thr_group_unref(thr_group *g) {
  if (atomic_fetch_sub(&g->refs, 1) != 1) return;
  thr_mutex_destroy(&g->m);
  thr_os_free(g);
}

void thr_group_join(thr_member *m) {
  thr_group *g = m->group;
  thr_mutex_lock(&g->m);
  thr_member **link = &g->members;
  while (*link) link = &(*link)->next;
  *link = m;
  thr_mutex_unlock(&g->m);
}

void thr_group_leave(thr_member *m) {
  thr_group *g = m->group;
  thr_mutex_lock(&g->m);
  thr_member **link = &g->members;
  while (*link && *link != m) link = &(*link)->next;
  if (*link) *link = m->next; /* a fork's child may have forgotten it */
  thr_mutex_unlock(&g->m);
}
