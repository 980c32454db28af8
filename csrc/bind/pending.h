/*
** pending: what others ask of a thread, as bits of asked.pending: to stop, to
** be interrupted, to be cancelled, to dump.  Raised where its Lua code meets
** it: at a switch, at the end of a wait, at a checkpoint.
*/
#ifndef THR_PENDING_H
#define THR_PENDING_H

#include <lua.h>

#include "gil/whose.h"
#include "park/lot.h"

THR_PRIVATE_BEGIN

/* Puts into the registry what a disturbed wait calls. */
void thr_pending_open(lua_State *L);

/* Raises what is pending for ts. */
void thr_pending_raise(lua_State *L, thr_tstate *ts);

/* The same, where anything is that ts has not masked. */
static inline void thr_pending_check(lua_State *L, thr_tstate *ts) {
  if (ts->asked.pending & ~ts->asked.masked) thr_pending_raise(L, ts);
}

/* Raises where ts, which is about to let go of the global lock, runs in
** another thread's Lua state. */
void thr_pending_notown(lua_State *L, thr_tstate *ts);
static inline void thr_pending_checkown(lua_State *L, thr_tstate *ts) {
  if (!thr_whose_isown(ts)) thr_pending_notown(L, ts);
}

/* What the preemption's hook does: lets another thread run, then raises what
** must be met at once. */
void thr_pending_atswitch(thr_tstate *ts, lua_State *L);

/* What a function does when its wait has ended: `do r = wait(); while
** (thr_pending_disturbed(L, ts, r));`.  False for a wait that was served or
** timed out.  Interrupted: raises what is pending for the thread, or runs the
** hook that a signal handler has set, and returns true if neither raised: wait
** again.  A deadlock raises. */
bool thr_pending_disturbed(lua_State *L, thr_tstate *ts, thr_parkresult r);

/* The same for a caller that must tidy up before an error goes on: 0 for false,
** 1 for true, -1 with the error object left on the stack. */
int thr_pending_trydisturbed(lua_State *L, thr_parkresult r);

int thr_pending_checkpoint(lua_State *L); /* _thread.checkpoint() */

THR_PRIVATE_END

#endif
