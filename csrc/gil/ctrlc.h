/*
** ctrlc: hooks that signal handlers set.
**
** A handler of Ctrl-C, lua.c's, sets a hook on the main state, at any moment,
** over ours; that raises, in the main thread, wherever it is.  So nobody but
** the main thread touches a hook of the main state, and a wait of the main
** thread looks whether one has been set.
**
** Called by gil, park and park's thread, bind's pending and sighook, kernel,
** capi, and state's attach, shutdown and sethook.
*/
#ifndef THR_CTRLC_H
#define THR_CTRLC_H

#include "gil/record.h"

THR_PRIVATE_BEGIN

/* Has a signal handler set a hook on the main state that has not fired yet?
** Asked by the main thread itself, with or without the global lock. */
bool thr_ctrlc_signalled(thr_tstate *ts);

/* Such a hook has had its turn, and may have taken ours off. */
void thr_ctrlc_served(thr_tstate *ts);

/* If one has been set while a coroutine runs on the main state: moves it to L,
** the coroutine. */
void thr_ctrlc_fetch(thr_tstate *ts, struct lua_State *L);

/* There are threads now, or none any more: the main thread lays, or lifts, the
** hook that sees its script return; another, that calls this, has it do so when
** it takes the global lock.  The caller holds that. */
void thr_ctrlc_relay(thr_tstate *self);

THR_PRIVATE_END

#endif
