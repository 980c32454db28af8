/*
** writer: takes the events of all threads out of their rings and writes them,
** on an OS thread of its own, twice in a second, and when a ring is half full.
**
** Laws
** - There is one at a time.  It is begun and finished under a mutex.
** - A ring is added by any thread, without a lock.  From then on it is the
**   writer's to take from, until the thread has ended, or the writer.
*/
#ifndef THR_WRITER_H
#define THR_WRITER_H

#include "trace/ring.h"

THR_PRIVATE_BEGIN

/* Is anything recorded?  atomic */
extern atomic_bool thr_writer_on;

/* Returns 0 or errno. */
int thr_writer_begin(const char *name);
/* Writes what there is and closes the file.  Returns 0, or errno of what went
** wrong; and how many events found no room. */
int thr_writer_finish(int64_t *lost);

/* With a reference that is the writer's. */
void thr_writer_add(thr_ring *r);
/* A ring is half full. */
void thr_writer_hurry(void);

/* fork: in the child there is no writer. */
void thr_writer_afterfork(void);

THR_PRIVATE_END

#endif
