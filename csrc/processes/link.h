/*
** link: one end of a socket between two processes, over which flat messages
** (flat.h) go there and back.
**
** What is asked at one end is answered at the other: an end sends a message,
** and then receives one, in one wait, without the global lock.  So both ends
** never send at the same time, and neither has to read while it writes.
**
** A link has one user at a time.  One that was given up in the middle is of no
** use any more, for nobody knows where the next message would begin.
**
** A fork's child must not keep an end of its parent's open, or the other end
** would not see that the parent has ended: it closes them.
*/
#ifndef THR_LINK_H
#define THR_LINK_H

#include <lua.h>

#include "cross/message.h"
#include "gil/record.h"
#include "os/tuning.h"

THR_PRIVATE_BEGIN

typedef struct thr_link {
  int fd; /* -1: closed.  Its user's; `list` while a process forks */
  int along; /* a descriptor that has come, or -1; likewise */
  size_t from, to; /* what is in the inbox, and was not asked for yet */
  struct thr_link *next; /* list */
  unsigned char inbox[THR_LINK_INBOX];
} thr_link;

typedef enum {
  THR_LINK_DONE,
  THR_LINK_UNSENT,   /* the other end was closed before it had all of it */
  THR_LINK_ENDED,    /* it was closed later, without an answer */
  THR_LINK_DAMAGED,  /* what has come is no message, or too much */
  THR_LINK_NOMEMORY,
  THR_LINK_RAISED    /* given up: an error object is on the stack */
} thr_linkresult;

/* A closed one. */
void thr_link_init(thr_link *l);
/* Takes the descriptor.  Returns 0 or errno: then it is still the caller's. */
int thr_link_open(thr_link *l, int fd);
void thr_link_close(thr_link *l);

/* Sends `out`, unless it is NULL, and then receives *in, unless `in` is NULL;
** `what` says in reports what the thread waits for. */
thr_linkresult thr_link_exchange(lua_State *L, thr_link *l,
                                 const thr_message *out, thr_message **in,
                                 const char *what);

THR_PRIVATE_END

#endif
