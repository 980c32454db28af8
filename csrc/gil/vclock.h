/*
** vclock: the clock of timeouts.  It is the system's; but for a thread that is
** explored (see explore's baton.h) it is virtual: it goes on a little with each
** look, and to the next deadline when no thread can run.
**
** Law: what is compared with a deadline, or with when a wait began, is read
** here.  What measures, such as rest, reads the system's clock.
**
** Called by park; bind's args; sync; io's process; socket's channel.
*/
#ifndef THR_VCLOCK_H
#define THR_VCLOCK_H

#include "gil/record.h"

THR_PRIVATE_BEGIN

/* Is that of the calling thread virtual? */
static inline bool thr_vclock_isvirtual(void) {
  return thr_tls && thr_tls->explored;
}

/* What it shows, in nanoseconds. */
static inline int64_t thr_vclock_now(void) {
  return thr_vclock_isvirtual() ? thr_tls->rt->calls.explore->now(thr_tls)
                                : thr_os_monotonic();
}

THR_PRIVATE_END

#endif
