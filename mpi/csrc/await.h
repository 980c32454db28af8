/*
** await: a Lua thread waits for a job, or for a parcel, while others run.
**
** Its Event is one of `threading`'s, so that the wait ends as every other wait
** does: by a cancellation, Ctrl-C, the end of the program.  Those raise.
*/
#ifndef THM_AWAIT_H
#define THM_AWAIT_H

#include <lua.h>

#include "comm.h"

THM_PRIVATE_BEGIN

void thm_await_open(lua_State *L);
/* Makes a class of userdata; gc: its finalizer, or NULL. */
void thm_await_class(lua_State *L, const char *name, lua_CFunction gc);

/* Pushes a value that owns the job, and raises where that is NULL: for want of
** memory. */
void thm_await_push(lua_State *L, thm_job *j);
/* Submits that job, which is on top; waits until it is over.  false: it has
** failed; then nil and its error are on top. */
bool thm_await_job(lua_State *L, thm_job *j);
/* As a function of Lua's returns it: true; or nil and the error. */
int thm_await_answer(lua_State *L, thm_job *j);
/* Submits it, without waiting. */
void thm_await_nobody(lua_State *L, thm_job *j);

/* Pushes a value that is a receiver for such parcels. */
thm_receiver *thm_await_receiver(lua_State *L, thm_comm *c, int source,
                                 int tag);
/* Begins to receive; then waits for it so many seconds, for ever if negative.
** NULL: nothing has come, in that time or (`stopped`) ever.  The parcel is the
** caller's. */
void thm_await_begin(thm_receiver *r);
thm_parcel *thm_await_parcel(lua_State *L, thm_receiver *r, double seconds);

/* Of the loaded `threading`; it is loaded. */
const threading_api *thm_await_api(lua_State *L);

THM_PRIVATE_END

#endif
