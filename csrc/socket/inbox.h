/*
** inbox: what a stream has received, and no call has returned yet.
**
** One thread at a time takes out of it, and puts into it: that whose turn it
** is.  It also puts bytes in while it has let go of the global lock: into room
** that was reserved before, and counts them as `fresh` until it has the lock
** again.  Other threads only look how many there are.
**
** Raises no Lua error.
*/
#ifndef THR_INBOX_H
#define THR_INBOX_H

#include "os/os.h"

THR_PRIVATE_BEGIN

typedef struct {
  char *bytes;         /* gil, as all but `fresh` */
  size_t first, last;  /* of those that are there */
  size_t room;         /* of the memory */
  size_t searched;     /* so many at the beginning are no end of a line */
  size_t ahead;        /* for so many at the end no call has asked yet: they
                          came together with what one has asked for */
  atomic_size_t fresh; /* atomic: so many more are behind `last` */
} thr_inbox;

/* How many there are, for the thread whose turn it is; and for all. */
static inline size_t thr_inbox_size(const thr_inbox *in) {
  return in->last - in->first;
}
static inline size_t thr_inbox_seen(const thr_inbox *in) {
  return thr_inbox_size(in) + in->fresh;
}

/* Makes room for so many more; false: no memory. */
bool thr_inbox_reserve(thr_inbox *in, size_t more);
/* Adds a text; false: no memory. */
bool thr_inbox_add(thr_inbox *in, const char *text, size_t n);
/* The room that there is. */
char *thr_inbox_space(const thr_inbox *in, size_t *n);
/* What is fresh belongs to the rest from now on; returns how many it is. */
size_t thr_inbox_settle(thr_inbox *in);

/* How many bytes the first line has, with its end; 0: that has not come. */
size_t thr_inbox_line(thr_inbox *in);
static inline const char *thr_inbox_text(const thr_inbox *in) {
  return in->bytes ? in->bytes + in->first : "";
}
/* Takes so many out.  What thr_inbox_text has returned is there no more. */
void thr_inbox_drop(thr_inbox *in, size_t n);

THR_PRIVATE_END

#endif
