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
extern const char thr_key_locals;  /* table: ident -> what _locals returns */
extern const char thr_key_active;  /* table: ident -> Thread, of Lua's making */
extern const char thr_key_messages; /* table: ident -> a cancel's message */

/* Makes the runtime of L with the calling thread as its main thread; or
** returns the one that is there. */
thr_runtime *thr_runtime_open(lua_State *L);

/* Raises what is pending for ts. */
void thr_runtime_pending(lua_State *L, thr_tstate *ts);

/* Keeps the value at idx as the message of a cancellation of ts. */
void thr_runtime_setmessage(lua_State *L, thr_tstate *ts, int idx);

/* Is the value at idx an error object that ends a thread silently: exit, the
** end of the program, a cancellation? */
bool thr_runtime_isexit(lua_State *L, int idx);

/* Forgets what the registry keeps for a thread that ends. */
void thr_runtime_forget(lua_State *L, thr_tstate *ts);

/* Functions of threading._thread. */
int thr_runtime_exit(lua_State *L);        /* exit() */
int thr_runtime_iscancelled(lua_State *L); /* is_cancelled(err) */
int thr_runtime_checkpoint(lua_State *L);  /* checkpoint() */
int thr_runtime_shield(lua_State *L);      /* shield(fn, ...) */
int thr_runtime_locals(lua_State *L); /* _locals(): the thread's own table */

THR_PRIVATE_END

#endif
