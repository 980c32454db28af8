/*
** mailbox: the parcels that have come and that nobody has taken yet, and those
** who wait for one.
**
** All is guarded by the engine's lock, which the caller has.  Knows no MPI.
*/
#ifndef THM_MAILBOX_H
#define THM_MAILBOX_H

#include "parcel.h"
#include "waiter.h"

THM_PRIVATE_BEGIN

#define THM_ANY (-1) /* source */
#define THM_ANYTAG INT32_MIN

/* Who waits.  It belongs to the thread that waits, and is not moved. */
typedef struct thm_receiver thm_receiver;
struct thm_receiver {
  thm_receiver *next;
  int source, tag;
  bool waits;      /* it is in the list */
  bool stopped;    /* nothing will come any more */
  thm_parcel *got; /* its own from then on */
  thm_waiter waiter;
};

typedef struct {
  thm_parcel *first, **last;
  thm_receiver *waiting;
  bool stopped;
} thm_mailbox;

void thm_mailbox_init(thm_mailbox *m);
/* For the first one that waits for such, or to be kept. */
void thm_mailbox_put(thm_mailbox *m, thm_parcel *p);
/* Takes the first parcel that it wants, or has it wait: false.  `stopped` is
** set where none is there, nor will be. */
bool thm_mailbox_take(thm_mailbox *m, thm_receiver *r);
/* It waits no more; what it has got meanwhile is kept for others, in its old
** place before all others. */
void thm_mailbox_leave(thm_mailbox *m, thm_receiver *r);
/* Nothing will come any more; wakes all.  What is there can be taken. */
void thm_mailbox_stop(thm_mailbox *m);

THM_PRIVATE_END

#endif
