/*
** workers: how those of a pool make the calls of the futures that are in its
** queue.
**
** To take a future and to note that its call is made are one step, during
** which no Lua code runs and nothing is raised: whatever ends a worker, a
** future that it has taken gets an outcome.
**
** Nor does Lua code run from where an outcome is seen to where the worker
** waits for the next future (but for callbacks): a thread that waits for that,
** and then submits the next call, finds the worker waiting.
*/
#ifndef THR_WORKERS_H
#define THR_WORKERS_H

#include "os/os.h"

THR_PRIVATE_BEGIN

struct lua_State;

/* Functions of threading._thread. */
/* _serve(queue): until it is shut down and empty */
int thr_workers_serve(struct lua_State *L);
/* _relay(queue): the same for calls of functions that have something made
** elsewhere, see thr_call_relay */
int thr_workers_relay(struct lua_State *L);
/* The same for calls that are made in another way: by `make`, which keeps the
** outcome, and returns false where that is an error.  It raises nothing; at
** stack index 1 is the future then, and at 3 what is behind the queue here. */
int thr_workers_serveby(struct lua_State *L, bool (*make)(struct lua_State *L));
/* _empty(queue [, err]): cancels the futures in it, or has them fail with the
** error */
int thr_workers_empty(struct lua_State *L);
/* _lacks_worker(queue): has it more futures than wait for one? */
int thr_workers_lacksworker(struct lua_State *L);

THR_PRIVATE_END

#endif
