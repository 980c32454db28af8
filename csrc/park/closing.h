/*
** closing: descriptors that are closed while threads may wait for them.
**
** A thread that closes a descriptor of an object announces it first: the
** threads that wait for it wake, and find it closed.  A thread that has read
** the number of an object's descriptor, but does not wait yet, would wait for a
** stranger's if the number is closed, and used again, in between.  So it notes
** how many closings there were before it read the number; if that has changed
** when its wait is registered, it has to read the number again.
**
** Laws
** - Between the announcement and the close no thread of the Lua state runs.
*/
#ifndef THR_CLOSING_H
#define THR_CLOSING_H

#include "park/park.h"

THR_PRIVATE_BEGIN

/* How many were announced so far, in all Lua states. */
unsigned thr_closing_count(void);

/* Wakes the threads that wait for fd; returns how many. */
int thr_closing_announce(int fd);

/* Waits for a descriptor whose number was read after thr_closing_count had
** returned `count`: as thr_park, and THR_PARK_CHANGED if the number is to be
** read again. */
thr_parkresult thr_closing_park(thr_tstate *ts, thr_watch *watch,
                                unsigned count, int64_t deadline);

THR_PRIVATE_END

#endif
