/*
** together: the Lua face of what ranks do together: find each other, collect
** Arrays, part.
*/
#ifndef THM_TOGETHER_H
#define THM_TOGETHER_H

#include <lua.h>

#include "port.h"

THM_PRIVATE_BEGIN

/* Functions of threading._mpi.  Where an error is MPI's, they return nil and
** its text. */

/* join(hello) -> a comm, and the hellos of all, from that of rank 0 on */
int thm_together_join(lua_State *L);
/* world() -> the comm that join has returned, also in another Lua state of the
** process; or nil */
int thm_together_world(lua_State *L);
/* alone(): before all else, where no launcher has started this process: it may
** start as many others here as it likes */
int thm_together_alone(lua_State *L);
/* spawn(hello, n, program, argument ...) -> the same as join */
int thm_together_spawn(lua_State *L);
/* serve(comm, boolean): this rank makes calls for rank 0 of it, so it must not
** end before that */
int thm_together_serve(lua_State *L);
/* lead(comm, boolean): this rank ends the others when it ends */
int thm_together_lead(lua_State *L);
/* part(comm): the others end, and this rank knows them no more */
int thm_together_part(lua_State *L);
/* collect(comm, kind, root, operation, count, in, out): kind and operation by
** their numbers in collect.h; in and out: Arrays or nil */
int thm_together_collect(lua_State *L);

THM_PRIVATE_END

#endif
