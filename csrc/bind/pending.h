/*
** pending: what others ask of a thread, as bits of tstate.pending: to stop, to
** be interrupted, to be cancelled, to dump.  Raised where its Lua code meets
** it: at a switch, at the end of a wait, at a checkpoint.
*/
#ifndef THR_PENDING_H
#define THR_PENDING_H

#include <lua.h>

#include "gil/whose.h"
#include "park/park.h"

THR_PRIVATE_BEGIN

/* Registry keys, by address. */
extern const char thr_key_stop;     /* the error object of the end */
extern const char thr_key_messages; /* table: ident -> a cancel's message; once
                                       that is raised, the error object */

/* Puts the error objects into the registry. */
void thr_pending_open(lua_State *L);

/* Raises what is pending for ts. */
void thr_pending_raise(lua_State *L, thr_tstate *ts);

/* The same, where anything is that ts is not deaf to. */
static inline void thr_pending_check(lua_State *L, thr_tstate *ts) {
  if (ts->pending & ~ts->deaf) thr_pending_raise(L, ts);
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

/* What a face does when a wait has ended: `do r = wait(); while
** (thr_pending_disturbed(L, ts, r));`.  False for a wait that was served or
** timed out.  Interrupted: raises what is pending for the thread, or runs the
** hook that a signal handler has set, and returns true if neither raised: wait
** again.  A deadlock raises. */
bool thr_pending_disturbed(lua_State *L, thr_tstate *ts, thr_parkresult r);

/* The same for who must tidy up before an error goes on: 0 for false, 1 for
** true, -1 with the error object left on the stack. */
int thr_pending_trydisturbed(lua_State *L, thr_parkresult r);

/* Keeps the value at idx as the message of a cancellation of ts. */
void thr_pending_setmessage(lua_State *L, thr_tstate *ts, int idx);

/* Is the value at idx an error object that ends a thread silently: exit, the
** end of the program, a cancellation? */
bool thr_pending_isexit(lua_State *L, int idx);

/* Is the value at idx what was asked of the calling thread, raised: the stop,
** its own cancellation, Ctrl-C?  No pcall of ours may keep that: it is not an
** error of what we have called.  (Ctrl-C is known by its text, lua.c's.) */
bool thr_pending_isasked(lua_State *L, int idx);

/* Functions of threading._thread. */
int thr_pending_try(lua_State *L); /* _try(fn, ...): pcall, which lets that
                                      pass */
int thr_pending_exit(lua_State *L);        /* exit() */
int thr_pending_iscancelled(lua_State *L); /* is_cancelled(err) */
int thr_pending_checkpoint(lua_State *L);  /* checkpoint() */
int thr_pending_shield(lua_State *L);      /* shield(fn, ...) */
int thr_pending_expose(lua_State *L); /* _expose(fn, ...): inside a shield */

THR_PRIVATE_END

#endif
