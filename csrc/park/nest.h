/*
** nest: threads that have entered another Lua state of their group.
**
** Such a thread has a record in the Lua state from which it has entered, the
** outer one, and another in the one where it is now, the inner one, with the
** same ident and name.  (From there it may enter a third, and so on.)  To the
** outer state the call is a wait: its lock is let go of, and what is asked of
** the thread (thr_lot_interrupt) is asked of the inner record.
**
** Laws
** - The inner record is `uncounted`: the outer one counts for both (see
**   deadlock.h), and lowers its group when the inner one waits for ever.
** - At most one of a thread's records holds a global lock, and at most one
**   waits: the innermost.
** - The link is there before the inner record takes its global lock, and until
**   it has let go of it: an OS thread that is signalled by it lives.
*/
#ifndef THR_NEST_H
#define THR_NEST_H

#include "gil/record.h"

THR_PRIVATE_BEGIN

/*
** Ctrl-C: where signals arrive on the thread (`signals`, which the inner record
** has from the outer one), its handler sets a hook in the outermost Lua state.
** The thread is interrupted where it is, and has to look for the hook
** (thr_pending_disturbed) as soon as it is back.
*/

/* Called by the thread itself, which holds the global lock of neither.  What is
** asked of the one record and not met yet is asked of the other from then on;
** the inner one masks what the outer one does.  What is asked of the inner
** record alone (that its Lua state ends) stays behind when it leaves. */
void thr_nest_enter(thr_tstate *outer, thr_tstate *inner);
void thr_nest_leave(thr_tstate *inner);

/* The thread of rt's group on which signals arrive looks for them, if it waits:
** a handler may have run on another one. */
void thr_nest_looksignals(thr_runtime *rt);

THR_PRIVATE_END

#endif
