/*
** runtime: the face's share of one Lua state: its record, the keys under
** which things stand in the registry, and what a switch and a pending request
** do to the Lua code that they meet.
*/
#ifndef THR_FACE_RUNTIME_H
#define THR_FACE_RUNTIME_H

#include <lua.h>

#include "tstate.h"

THR_PRIVATE_BEGIN

/* Registry keys, by address. */
extern const char thr_key_runtime; /* light userdata: the thr_runtime */
extern const char thr_key_noop;    /* a Lua function that does nothing */
extern const char thr_key_exit;    /* the error object of threading.exit() */
extern const char thr_key_stop;    /* the error object of the end */
extern const char thr_key_threads; /* table: tstate -> its coroutine */

/* Makes the runtime of L with the calling thread as its main thread; or
** returns the one that is there. */
thr_runtime *thr_runtime_open(lua_State *L);

/* Raises what is pending for ts. */
void thr_runtime_pending(lua_State *L, thr_tstate *ts);

/* Is the value at idx one of the two error objects that end a thread
** silently? */
bool thr_runtime_isexit(lua_State *L, int idx);

/* threading.exit() */
int thr_runtime_exit(lua_State *L);

THR_PRIVATE_END

#endif
