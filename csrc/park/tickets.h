/*
** tickets: threads in a row, each waiting for an outcome of its own.
**
** For objects that choose whom they wake, and why: Condition, Barrier.  A
** ticket is entered while the object's state is being decided, waited on
** later, and may be served at any moment between: the outcome is kept in it.
**
** Laws
** - A ticket is in the list, or its outcome is not 0.
** - Outcomes are set under the list's mutex; a thread that gives up its
**   wait looks under it, so that an outcome is never lost to a timeout.
**
** The mutex is the owner's too: it guards the object's own state.
*/
#ifndef THR_TICKETS_H
#define THR_TICKETS_H

#include "park/park.h"

THR_PRIVATE_BEGIN

typedef struct thr_ticket {
  atomic_int outcome; /* list's mutex to write; 0: none yet */
  struct thr_ticket *next, *prev;
} thr_ticket;

typedef struct {
  thr_mutex m;
  thr_ticket *first, *last; /* m */
  int n;                    /* m */
} thr_tickets;

void thr_tickets_init(thr_tickets *list);
void thr_tickets_destroy(thr_tickets *list);

/* The caller holds list->m. */
void thr_tickets_enter(thr_tickets *list, thr_ticket *t);
/* Gives the first n tickets this outcome, and wakes them. */
void thr_tickets_serve(thr_tickets *list, int64_t n, int outcome);

/* The caller does not hold list->m.  Waits for the ticket's outcome.  Where it
** ends otherwise the ticket is still in the list, or has been served since:
** wait again, or leave.  `what`, `label`: as the user knows the list. */
thr_parkresult thr_tickets_wait(thr_tickets *list, thr_ticket *t,
                                thr_tstate *ts, int64_t deadline,
                                const char *what,
                                const struct thr_label *label);

/* Takes the ticket out of the list.  False: it has been served.  `remove` is
** for one who holds list->m, and changes more under it. */
bool thr_tickets_leave(thr_tickets *list, thr_ticket *t);
bool thr_tickets_remove(thr_tickets *list, thr_ticket *t);

THR_PRIVATE_END

#endif
