/* arrivals: see arrivals.h. */
#include "arrivals.h"

#include <stdlib.h>

#include "comm.h"
#include "ending.h"
#include "send.h"

static void keep(thm_comm *c, thm_parcel *p) {
  thm_engine_lock();
  thm_mailbox_put(&c->box, p);
  thm_engine_unlock();
}

static void obey(thm_comm *c, thm_parcel *p) {
  const char *text = (const char *)p->body;
  switch (p->head.kind) {
    case THM_ASK: thm_send_asked(c, p->source, p->head.number); break;
    case THM_REFUSE:
      thm_send_refused(c, p->source, p->head.number, text, p->head.size);
      break;
    case THM_STOP: thm_ending_stopped(c, false); break;
    case THM_STOPNOW: thm_ending_stopped(c, true); break;
    default: break;
  }
  free(p);
}

/* NULL: nothing has come. */
static thm_parcel *receive(thm_comm *c) {
  int any = 0, size = 0;
  MPI_Message message;
  MPI_Status status;
  if (MPI_Improbe(MPI_ANY_SOURCE, THM_HEADS, c->mpi, &any, &message,
                  &status) != MPI_SUCCESS ||
      !any)
    return NULL;
  MPI_Get_count(&status, MPI_BYTE, &size);
  size_t body = (size_t)size - sizeof(thm_head);
  thm_parcel *p = malloc(sizeof(*p) + body);
  if (p) {
    p->source = status.MPI_SOURCE;
    /* The head, and the body behind it. */
    MPI_Mrecv(&p->head, size, MPI_BYTE, &message, MPI_STATUS_IGNORE);
    return p;
  }
  thm_ending_abort("there is not enough memory for a message");
}

bool thm_arrivals_look(void) {
  bool any = false;
  for (thm_comm *c = thm_comms, *next; c; c = next) {
    thm_parcel *p;
    next = c->next;
    while ((p = receive(c))) {
      any = true;
      if (p->head.kind < THM_ASK) keep(c, p);
      else obey(c, p);
    }
  }
  return any;
}

bool thm_arrivals_far(void) {
  for (const thm_comm *c = thm_comms; c; c = c->next)
    if (c->far) return true;
  return false;
}
