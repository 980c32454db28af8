/*
** park: the one door for waiting.  Everything that blocks comes through here.
**
**   thr_waiter w = thr_waiter_on(ts, &lock->word, "lock");
**   switch (thr_park(&w, deadline)) ...
**
** thr_park enters the waiter in the parking lot (lot.h has its laws), lets go
** of the global lock if its thread holds it, sleeps on the thread's own
** semaphore until it is woken, the deadline comes, the descriptor that it
** watches is ready or a signal arrives, and takes the global lock again.
**
** Laws
** - Where `validate` says no under the bucket's mutex, the result is
**   THR_PARK_CHANGED: another thread was quicker, look again.
** - A failed wait leaves no trace.
** - A wait whose deadline is past as it begins is a look: it does not sleep,
**   and keeps the global lock unless another thread asks for it.  So its caller
**   has looked just before.  (A sleep is a sleep.)
**
** Called by all that waits, from threads' ends to files.  Knows no Lua.
*/
#ifndef THR_PARK_H
#define THR_PARK_H

#include "park/lot.h"

THR_PRIVATE_BEGIN

thr_parkresult thr_park(thr_waiter *w, int64_t deadline);

THR_PRIVATE_END

#endif
