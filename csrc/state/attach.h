/*
** attach: OS threads that Lua did not start.
**
** Such a thread's record is `foreign` and a daemon's.  From attach to detach
** it counts as living and as awake.  It is `outside` while it does not have the
** global lock and no call of Lua's is under way on it: the end of the program
** does not wait for it then, and does not let it in again.
**
** Laws
** - outside and rt->end.closing change under the runtime's mutex: a thread
**   that comes in before the end begins is waited for, one that comes later is
**   refused.
** - A thread that goes outside while the end waits wakes it.
** - A record that is outside when the end comes stays in the list, its id
**   gone, until the runtime is dropped; its thread detaches when it likes.
** - `spare` is a Lua state made in advance, for a new thread has none to make
**   its own with.  The thread that takes it makes the next.
*/
#ifndef THR_ATTACH_H
#define THR_ATTACH_H

#include "gil/record.h"

THR_PRIVATE_BEGIN

/* Gives the calling thread a record, and the global lock.  NULL: the state is
** being closed, or explored, or there is no memory. */
thr_tstate *thr_attach(thr_runtime *rt, const char *name);

/* The same for a thread that has let go of the global lock of another Lua
** state, where `outer` is its record: the new one bears that one's name and
** ident, see nest.h.  NULL also where the thread is inside already.  Then it
** leaves, and stays attached, outside. */
thr_tstate *thr_attach_enter(thr_runtime *rt, thr_tstate *outer);
void thr_attach_leave(thr_tstate *inner);

/* Drops the record.  False: a call of Lua's is under way. */
bool thr_detach(thr_tstate *ts);

/* Lets go of the global lock; false: the thread does not have it. */
bool thr_attach_goout(thr_tstate *ts);
/* Takes the global lock, unless the thread has it; false: a foreign thread is
** refused it. */
bool thr_attach_comein(thr_tstate *ts);

/* --- the Lua face --- */
struct lua_State;
void thr_attach_open(struct lua_State *L, thr_runtime *rt);
/* _thread._on_attach(fn): fn() is called by each thread that attaches. */
int thr_attach_onattach(struct lua_State *L);

THR_PRIVATE_END

#endif
