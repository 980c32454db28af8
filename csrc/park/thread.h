/*
** thread: starting, ending and joining OS threads that run Lua.
**
** A thread's end has an order: its record leaves the list of the living and
** joins the retired ones while it holds the global lock; then it lets go for
** good; then it wakes the threads that join it.  The OS thread of a retired
** record has ended by itself before it is joined: by a thread that was started
** later, before that takes the global lock, or at the end, when no thread is
** left to want the lock.
*/
#ifndef THR_THREAD_H
#define THR_THREAD_H

#include "park/park.h"

THR_PRIVATE_BEGIN

/* Starts ts, which is THR_INITIAL, with ts->body set.  Returns 0 or errno,
** and then nothing has changed.  The caller holds the global lock. */
int thr_thread_start(thr_tstate *self, thr_tstate *ts);

/* The end of the calling thread's life in the Lua state: lets go of the global
** lock for good.  Its Lua state is dropped already. */
void thr_thread_leave(thr_tstate *ts);

/* Waits until ts has ended. */
thr_parkresult thr_thread_wait(thr_tstate *self, thr_tstate *ts,
                               int64_t deadline);

/* The kernel's id of a started thread; waits the moment until it lives. */
int64_t thr_thread_nativeid(thr_tstate *self, thr_tstate *ts);

THR_PRIVATE_END

#endif
