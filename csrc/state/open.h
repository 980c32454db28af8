/*
** open: makes the record of a Lua state, when the module is first opened in
** it, and what the registry keeps for each thread.
*/
#ifndef THR_OPEN_H
#define THR_OPEN_H

#include <lua.h>

#include "gil/record.h"

THR_PRIVATE_BEGIN

/* Registry key, by address: table: ident -> Thread, of those that live. */
extern const char thr_key_active;

/* Makes the runtime of L, with the calling thread as its main thread; or
** returns the one that it has. */
thr_runtime *thr_open(lua_State *L);

/* Makes that of a Lua state that the library has made, in this group: its main
** record stands for no OS thread, and is bound to the calling one until that
** unbinds it.  With NULL, that of a host's. */
thr_runtime *thr_open_made(lua_State *L, thr_group *group);

/* Forgets what the registry keeps for a thread that ends. */
void thr_open_forget(lua_State *L, thr_tstate *ts);

/* Functions of threading._thread. */
int thr_open_locals(lua_State *L); /* _locals(): the thread's own table */

THR_PRIVATE_END

#endif
