/*
** recorder: what threads do, noted at the doors: where they take the global
** lock and let go of it, wait, and are woken.
**
** Laws
** - A thread that is recorded has a ring (thr_tstate.traced), from when it is
**   in the list of the living, or recording begins, until it leaves the list;
**   it keeps the ring when recording ends.
** - A place in Lua is looked for by a thread that holds the global lock, in its
**   own stack, or in that of a thread which does not run.
** - One group of Lua states is recorded at a time.
*/
#ifndef THR_RECORDER_H
#define THR_RECORDER_H

#include "gil/record.h"

THR_PRIVATE_BEGIN

/* Records the group of ts, whose thread calls it, into a file.  No place is in
** sources that begin with `folder`, if that is not empty.  Returns 0 or errno;
** -1: something is recorded already. */
int thr_recorder_start(thr_tstate *ts, const char *file, const char *folder);
/* Returns 0 or errno, and how many events were lost; -1: nothing is recorded
** (any more). */
int thr_recorder_stop(int64_t *lost);

/* By the thread of ts, if it is recorded. */
void thr_recorder_span(thr_tstate *ts, const char *name, int64_t since);
/* What the program's own spans begin or end in is cut there, so that spans lie
** in one another.  Returns when that was. */
int64_t thr_recorder_cut(thr_tstate *ts);

THR_PRIVATE_END

#endif
