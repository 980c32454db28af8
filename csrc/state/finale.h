/*
** finale: notices that the program, or the Lua state, comes to its end.
**
** lua.c's script returns, or lua.c itself (after an error, -e, -i): a return
** hook on the main state sees both, and waits for the threads while nothing
** has been finalised.  lua_close, by whatever way: the sentinel's __gc does
** what is left of the shutdown; then the anchor's, the last of our finalisers,
** drops the runtime.
*/
#ifndef THR_FINALE_H
#define THR_FINALE_H

#include <lua.h>

#include "gil/record.h"

THR_PRIVATE_BEGIN

/* Makes the anchor, which drops the runtime that it is filled with. */
thr_runtime **thr_finale_anchor(lua_State *L);

/* Makes the sentinel. */
void thr_finale_open(lua_State *L, thr_runtime *rt);

/* The first thread is about to start: makes the sentinel the youngest object
** again.  Finalisers run youngest first, and where the return hook is gone
** (lua.c's Ctrl-C takes it off) the sentinel waits for the threads. */
void thr_finale_refresh(lua_State *L, thr_runtime *rt);

/* The main state's return hook. */
void thr_finale_atreturn(thr_tstate *ts, lua_State *L, lua_Debug *ar);

THR_PRIVATE_END

#endif
