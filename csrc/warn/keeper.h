/*
** keeper: tells which C function has kept the global lock for long while others
** waited for it, see gil's kept; and which has come back without it.  Under
** THREADING_DEBUG.
**
** Its hook, in the place of preempt's, is called at each call and each return
** of a function while threads live.
*/
#ifndef THR_KEEPER_H
#define THR_KEEPER_H

#include "gil/record.h"

THR_PRIVATE_BEGIN

/* Once for a Lua state, before it has threads. */
void thr_keeper_open(thr_runtime *rt);

THR_PRIVATE_END

#endif
