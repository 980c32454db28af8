/* tickets: see tickets.h. */
#include "park/tickets.h"

#define LEFT (-1)

void thr_tickets_init(thr_tickets *list) { thr_mutex_init(&list->m); }
void thr_tickets_destroy(thr_tickets *list) { thr_mutex_destroy(&list->m); }

void thr_tickets_enter(thr_tickets *list, thr_ticket *t) {
  t->outcome = 0;
  t->next = NULL;
  t->prev = list->last;
  if (list->last) list->last->next = t;
  else list->first = t;
  list->last = t;
  list->n++;
}

static void unlink_ticket(thr_tickets *list, thr_ticket *t) {
  if (t->prev) t->prev->next = t->next;
  else list->first = t->next;
  if (t->next) t->next->prev = t->prev;
  else list->last = t->prev;
  list->n--;
}

/* The ticket, on its thread's stack, is gone once the mutex is free. */
void thr_tickets_serve(thr_tickets *list, int64_t n, int outcome) {
  for (; n > 0 && list->first; n--) {
    thr_ticket *t = list->first;
    unlink_ticket(list, t);
    atomic_store(&t->outcome, outcome);
    thr_unpark_all(t);
  }
}

/* Under the bucket's mutex, which thr_unpark_all takes after the outcome is
** set: either that finds the waiter, or the waiter sees the outcome. */
static bool still_unserved(thr_waiter *w) {
  return atomic_load(&((const thr_ticket *)w->addr)->outcome) == 0;
}

bool thr_tickets_remove(thr_tickets *list, thr_ticket *t) {
  bool in = t->outcome == 0;
  if (in) unlink_ticket(list, t);
  if (in) t->outcome = LEFT; /* so that it leaves once */
  return in;
}

bool thr_tickets_leave(thr_tickets *list, thr_ticket *t) {
  thr_mutex_lock(&list->m);
  bool in = thr_tickets_remove(list, t);
  thr_mutex_unlock(&list->m);
  return in;
}

/* Served: look under the mutex, where the server may still be at work. */
static bool is_served(thr_tickets *list, thr_ticket *t) {
  thr_mutex_lock(&list->m);
  bool served = t->outcome != 0;
  thr_mutex_unlock(&list->m);
  return served;
}

thr_parkresult thr_tickets_wait(thr_tickets *list, thr_ticket *t,
                                thr_tstate *ts, int64_t deadline,
                                const char *what,
                                const struct thr_label *label) {
  thr_waiter w = thr_waiter_on(ts, t, what);
  w.object = list;
  w.label = label;
  w.validate = still_unserved;
  thr_parkresult r = thr_park(&w, deadline);
  if (r == THR_PARK_INTERRUPTED) return r; /* even if served meanwhile */
  return is_served(list, t) ? THR_PARK_WOKEN : r;
}
