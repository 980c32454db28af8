/* uses: see uses.h. */
#include "socket/uses.h"

/* Most sockets have two: one thread receives, one sends. */
static bool make_room(thr_uses *u) {
  int room = u->room + 2;
  thr_use *list = thr_os_realloc(u->list, (size_t)room * sizeof(*list));
  if (!list) return false;
  u->list = list;
  u->room = room;
  return true;
}

bool thr_uses_note(thr_uses *u, const thr_tstate *ts, int fd) {
  if (u->n == u->room && !make_room(u)) return false;
  u->list[u->n++] = (thr_use){ts->ident, fd};
  return true;
}

/* Its latest, or -1. */
static int find(const thr_uses *u, const thr_tstate *ts) {
  int i = u->n - 1;
  while (i >= 0 && u->list[i].ident != ts->ident) i--;
  return i;
}

void thr_uses_set(thr_uses *u, const thr_tstate *ts, int fd) {
  u->list[find(u, ts)].fd = fd;
}

void thr_uses_leave(thr_uses *u, const thr_tstate *ts) {
  int i = find(u, ts);
  if (i < 0) return;
  u->n--;
  for (; i < u->n; i++) u->list[i] = u->list[i + 1];
}

bool thr_uses_lives(thr_runtime *rt, uint64_t ident) {
  thr_mutex_lock(&rt->m);
  bool lives = thr_tstate_byident(rt, ident) != NULL;
  thr_mutex_unlock(&rt->m);
  return lives;
}

const thr_use *thr_uses_other(const thr_uses *u, const thr_tstate *ts) {
  for (const thr_use *use = u->list; use < u->list + u->n; use++)
    if (use->ident != ts->ident && thr_uses_lives(ts->rt, use->ident))
      return use;
  return NULL;
}
