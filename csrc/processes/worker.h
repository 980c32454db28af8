/*
** worker: a worker process, as its parent knows it: a fresh Lua at the other
** end of a link, which makes the calls that it is sent (answer.h), one at a
** time.
**
** A worker process that ends before it has answered is no error of this
** program: the call fails, with how it has ended.
**
** The global lock guards it.  One thread at a time uses it.
*/
#ifndef THR_WORKER_H
#define THR_WORKER_H

#include <lua.h>

#include "cross/message.h"

THR_PRIVATE_BEGIN

void thr_worker_open(lua_State *L);

typedef struct thr_worker thr_worker;

/* The worker at idx; raises. */
thr_worker *thr_worker_check(lua_State *L, int idx);

/* Has the call made.  True: *answer, the caller's, is its outcome as
** thr_answer_calls has it.  False: the worker is gone, and a text on the stack
** says how, or it was gone before (*unsent), without a text.  Raises what is
** asked of the thread; the worker is ended then. */
bool thr_worker_ask(lua_State *L, thr_worker *w, const thr_message *call,
                    thr_message **answer, bool *unsent);

/* --- functions of threading._thread --- */

/* _worker(argv) -> starts this program as a worker process; or nil, why not.
** Methods: ask(names, fn, ...) -> true, results; false, an error, its
** traceback; nil, how it has ended.  finish() -> lets it end, and waits for
** that. */
int thr_worker_start(lua_State *L);
/* _executable() -> the file that this process runs, or nil */
int thr_worker_executable(lua_State *L);
/* _library() -> the file of this module */
int thr_worker_library(lua_State *L);

THR_PRIVATE_END

#endif
