/*
** uses: which threads use a socket's descriptor while they have let go of the
** global lock, or are about to: the one that closes it has to know.
**
** Guarded by the global lock.  Kept by the threads' idents, in memory of its
** own: in a child process those threads are gone, with their stacks.
*/
#ifndef THR_USES_H
#define THR_USES_H

#include "gil/record.h"

THR_PRIVATE_BEGIN

typedef struct {
  uint64_t ident;
  int fd; /* -1: it has not read the number yet */
} thr_use;

typedef struct {
  thr_use *list;
  int n, room;
} thr_uses;

/* Notes a thread, which may be there already; false: no memory. */
bool thr_uses_note(thr_uses *u, const thr_tstate *ts, int fd);
/* The number that the thread, which was noted, uses now. */
void thr_uses_set(thr_uses *u, const thr_tstate *ts, int fd);
/* The thread is noted once less, if it is at all. */
void thr_uses_leave(thr_uses *u, const thr_tstate *ts);
/* In the child of a fork the other threads are none any more. */
bool thr_uses_lives(thr_runtime *rt, uint64_t ident);
/* A living thread other than ts that is noted, or NULL. */
const thr_use *thr_uses_other(const thr_uses *u, const thr_tstate *ts);

THR_PRIVATE_END

#endif
