/* simplequeue: the Lua face of a queue without bound or end. */
#ifndef THR_SIMPLEQUEUE_H
#define THR_SIMPLEQUEUE_H

#include "queue/queue.h"

THR_PRIVATE_BEGIN

void thr_simplequeue_open(struct lua_State *L);
int thr_simplequeue_create(struct lua_State *L);
thr_queue *thr_simplequeue_check(struct lua_State *L, int arg);

THR_PRIVATE_END

#endif
