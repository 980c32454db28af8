/*
** tape: a file of events in Chrome's trace format, see
** lua/threading/trace/events.lua.
**
** A line for each, in a list that need not have an end: where the program is
** killed, the file has all lines that were written before.
**
** Guard: the writer.
*/
#ifndef THR_TAPE_H
#define THR_TAPE_H

#include <stdio.h>

#include "sync/meter.h"
#include "trace/ring.h"

THR_PRIVATE_BEGIN

typedef struct {
  FILE *file;
  int64_t begun;  /* of which times are told */
  uint64_t flows; /* arrows so far */
  size_t n;       /* bytes that are not written yet */
  int error;      /* errno of the first write that failed, or 0 */
  char bytes[THR_TRACE_BUFFER];
} thr_tape;

/* Returns 0 or errno. */
int thr_tape_open(thr_tape *t, const char *name, int64_t now);
void thr_tape_flush(thr_tape *t);
/* Returns 0, or errno of what went wrong. */
int thr_tape_close(thr_tape *t);

void thr_tape_process(thr_tape *t, int64_t pid);
void thr_tape_thread(thr_tape *t, const thr_ring *r);
/* What the thread has done, from when the event says, until then: at `place`
** that ended.  Or first that it has begun, and then that it has ended. */
void thr_tape_span(thr_tape *t, const thr_ring *r, const thr_event *e,
                   int64_t until, thr_text place);
void thr_tape_begin(thr_tape *t, const thr_ring *r, const thr_event *e);
void thr_tape_end(thr_tape *t, const thr_ring *r, int64_t at);
/* What lasted from `since` to `at`, of its name. */
void thr_tape_lasted(thr_tape *t, const thr_ring *r, const thr_event *e,
                     const char *category);
void thr_tape_instant(thr_tape *t, const thr_ring *r, const thr_event *e,
                      const char *name);
void thr_tape_counts(thr_tape *t, const thr_ring *r, const thr_event *e);
/* From the other thread of the event to this one. */
void thr_tape_flow(thr_tape *t, const thr_ring *r, const thr_event *e,
                   const char *category);
/* How often a lock has been taken so far, and how long it was held there. */
void thr_tape_lock(thr_tape *t, const thr_meter *m, const thr_metered *by);
/* So far goes what has been written. */
void thr_tape_until(thr_tape *t, int64_t now);
void thr_tape_dropped(thr_tape *t, int64_t n);

THR_PRIVATE_END

#endif
