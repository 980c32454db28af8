/*
** handle: what a Thread object keeps, under a key that only we know: the
** thread's record, and as user values the target and its arguments, until
** the thread takes them.
*/
#ifndef THR_HANDLE_H
#define THR_HANDLE_H

#include <lua.h>

#include "os/port.h"

THR_PRIVATE_BEGIN

void thr_handle_open(lua_State *L);

/* Pushes the key. */
void thr_handle_pushkey(lua_State *L);

/* Functions of threading._thread. */
int thr_handle_new(lua_State *L);      /* _handle(...): see handle.c */
int thr_handle_main(lua_State *L);     /* _main_handle() */
int thr_handle_self(lua_State *L);     /* _self_handle() */
int thr_handle_join(lua_State *L);     /* Thread.join */
int thr_handle_isalive(lua_State *L);  /* Thread.is_alive */
int thr_handle_shield(lua_State *L);   /* _shield(thread), not yet started */
int thr_handle_startnew(lua_State *L); /* start_new_thread(fn, ...) */

THR_PRIVATE_END

#endif
