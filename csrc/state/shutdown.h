/*
** shutdown: waits for the threads at the end of the program, and stops those
** that are daemons.
**
** First the non-daemon threads are waited for, while nothing has been
** finalised; then no new thread is let in, and those that live are asked
** to stop.  threading.shutdown(), os.exit(n, true) and finale come here.
**
** The status is that of the first that ends the process: os.exit does not wait
** for what never ends, nor reports it; a second os.exit, and the end of the
** script, give way to it.
*/
#ifndef THR_SHUTDOWN_H
#define THR_SHUTDOWN_H

#include <lua.h>

#include "gil/record.h"

THR_PRIVATE_BEGIN

/* Replaces os.exit. */
void thr_shutdown_open(lua_State *L);

/* How many threads live besides ts and the main thread; those that are outside
** do not count. */
int thr_shutdown_others(const thr_tstate *ts);

/* Waits for the non-daemon threads.  Raises what is asked of ts meanwhile. */
void thr_shutdown_wait(lua_State *L, thr_tstate *ts);
/* The steps of that: tells the program that the end has come, where there are
** such threads; waits for those of a runtime of the group. */
int thr_shutdown_tell(lua_State *L);
void thr_shutdown_await(lua_State *L, thr_tstate *ts, thr_runtime *of);

/* Stops the other threads, and waits for those that can be stopped. */
void thr_shutdown_stop(thr_tstate *ts);

/* Both, before the Lua state is closed: whatever ends the first wait, no thread
** may be left.  Returns its status, with an error object on the stack. */
int thr_shutdown_close(lua_State *L, thr_tstate *ts);

/* Functions of threading._thread. */
/* _at_end(fn): fn is called before the threads are waited for, if there are
** any; maybe more than once. */
int thr_shutdown_register(lua_State *L);
int thr_shutdown(lua_State *L); /* shutdown() */

THR_PRIVATE_END

#endif
