/*
** gate: where threads wait for a change of an object that is guarded by the
** global lock.  The thread that makes the change wakes the first, or all; one
** that was woken looks again, for a newcomer may have been quicker.
**
** Laws
** - A gate at which a thread is parked has `parked` set; set without a thread
**   behind it is legal (a timeout), and the next wake-up clears it.
** - A thread that waits has looked at the object since it last took the global
**   lock.
*/
#ifndef THR_GATE_H
#define THR_GATE_H

#include "park/park.h"

THR_PRIVATE_BEGIN

typedef struct {
  bool parked;  /* gil: a thread may wait here */
  bool streams; /* gil: a thread that is woken here finds many items, since the
                   one that woke it goes on */
  int waiting;  /* gil: threads that are here, or woken and not yet running */
} thr_gate;

/* `object`, `what`, `label`: as the user knows it. */
thr_parkresult thr_gate_wait(thr_gate *gate, thr_tstate *ts, const void *object,
                             const char *what, const struct thr_label *label,
                             int64_t deadline);
void thr_gate_wakeall(thr_gate *gate);
void thr_gate_wakefirst(thr_gate *gate);

static inline void thr_gate_wakenext(thr_gate *gate) {
  if (gate->parked) thr_gate_wakefirst(gate);
}

THR_PRIVATE_END

#endif
