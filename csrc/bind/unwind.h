/*
** unwind: the errors that end a thread, and are not errors of what was called.
**
** A pcall of ours, around code of the program's, lets them pass.
*/
#ifndef THR_UNWIND_H
#define THR_UNWIND_H

#include <lua.h>

#include "os/port.h"

THR_PRIVATE_BEGIN

/* Puts the error objects into the registry. */
void thr_unwind_open(lua_State *L);

/* Raises the end of the program. */
void thr_unwind_stop(lua_State *L);

/* Is the value at idx an error object that ends a thread silently: exit, the
** end of the program, a cancellation? */
bool thr_unwind_isexit(lua_State *L, int idx);

/* Is the value at idx what was asked of the calling thread, raised: the stop,
** its own cancellation, Ctrl-C?  (Ctrl-C is known by its text, lua.c's.) */
bool thr_unwind_isasked(lua_State *L, int idx);

/* Functions of threading._thread. */
int thr_unwind_exit(lua_State *L); /* exit() */
/* _try(fn, ...): pcall, which lets pass what was asked of the thread. */
int thr_unwind_try(lua_State *L);

THR_PRIVATE_END

#endif
