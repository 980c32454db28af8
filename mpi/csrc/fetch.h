/*
** fetch: a job that has the body of a long parcel come into memory of here.
*/
#ifndef THM_FETCH_H
#define THM_FETCH_H

#include "comm.h"

THM_PRIVATE_BEGIN

/* To be submitted; NULL: no memory.  Into the memory of an Array, held by the
** job from then on; or, for NULL, into memory of its own. */
thm_job *thm_fetch(thm_comm *c, const thm_parcel *p, void *into,
                   const threading_api *api, threading_object *held);
/* Of one that is over: what has come into memory of its own. */
const char *thm_fetch_bytes(const thm_job *j);

THM_PRIVATE_END

#endif
