/*
** end: what happens when the program, or the Lua state, comes to its end.
**
** Three doors lead here.  lua.c's script returns, or lua.c itself (after an
** error, -e, -i): a return hook on the main state sees both; it waits for the
** non-daemon threads, and then stops the daemons, while nothing has been
** finalised.  threading.shutdown() and os.exit(n, true): wait, then stop the
** daemons.  The status is that of the first that ends the process: os.exit
** does not wait for what never ends, nor reports it; a second os.exit, and the
** end of the script, give way to it.  lua_close by whatever way: the
** sentinel's __gc does what is left of it; then the anchor's, the last of ours,
** drops the runtime.
*/
#ifndef THR_END_H
#define THR_END_H

#include <lua.h>

#include "gil/record.h"

THR_PRIVATE_BEGIN

/* Makes the anchor, which drops the runtime that it is filled with. */
thr_runtime **thr_end_anchor(lua_State *L);

/* Makes the sentinel, and replaces os.exit. */
void thr_end_open(lua_State *L, thr_runtime *rt);

/* The first thread is about to start: makes the sentinel the youngest object
** again.  Finalisers run youngest first, and where the return hook is gone
** (lua.c's Ctrl-C takes it off) the sentinel waits for the threads. */
void thr_end_refresh(lua_State *L, thr_runtime *rt);

/* The main state's return hook. */
void thr_end_at_return(thr_tstate *ts, lua_State *L, lua_Debug *ar);

/* _at_end(fn): fn is called when the script has ended, and by shutdown, before
** the threads are waited for, if there are any; maybe more than once. */
int thr_end_register(lua_State *L);

/* threading.shutdown() */
int thr_end_shutdown(lua_State *L);

THR_PRIVATE_END

#endif
