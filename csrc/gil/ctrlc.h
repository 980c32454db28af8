/*
** ctrlc: hooks that signal handlers set.
**
** A handler of Ctrl-C, such as lua.c's, sets a hook on the main state, at any
** moment, over ours; when it fires, it raises an error in the main thread.  So
** only the main thread sets or removes hooks of the main state, and its waits
** look whether a handler has set one.
**
** Called by gil; park, its thread and nest; bind's pending and sighook; kernel;
** capi's nogil; state's attach, finale, lasting and shutdown.
*/
#ifndef THR_CTRLC_H
#define THR_CTRLC_H

#include "gil/record.h"

THR_PRIVATE_BEGIN

/* Has a signal handler set a hook on the main state that has not fired yet?
** Asked by the main thread itself, with or without the global lock, also with
** its record in a Lua state that it has entered. */
bool thr_ctrlc_signalled(thr_tstate *ts);

/* Such a hook has been called, and may have removed ours. */
void thr_ctrlc_served(thr_tstate *ts);

/* If one has been set while a coroutine runs on the main state: moves it to L,
** the coroutine. */
void thr_ctrlc_fetch(thr_tstate *ts, struct lua_State *L);

/* Forgets that one has been set, or that Ctrl-C was caught: the next one is
** heard as if there had been none.  By the main thread, with the lock. */
void thr_ctrlc_drop(thr_tstate *ts);

/* Where Ctrl-C would end the process it counts as signalled, from the first of
** these to the second.  By the main thread. */
void thr_ctrlc_catch(void);
void thr_ctrlc_uncatch(void);

/* The thread is about to enter another Lua state, where Ctrl-C is to reach it,
** too. */
void thr_ctrlc_follow(const thr_tstate *ts);

/* There are threads now, or none any more: has our hook, which sees the script
** return, laid on the main state, or lifted.  The main thread does so at once;
** called by another thread, it is left to the main thread, for when it takes
** the global lock.  The caller holds the lock. */
void thr_ctrlc_relay(thr_tstate *self);

THR_PRIVATE_END

#endif
