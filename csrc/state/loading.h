/*
** loading: which thread loads which module.
**
** A thread that is about to load a module claims it; another thread that wants
** the same one waits until the claim is released, and then looks again.  Only
** the claiming thread can end that wait, so a circle of threads that wait for
** each other's modules is found as one of RLocks is.
**
** Laws
** - A module has one claim at most, held by one thread; a thread that requires
**   what it is itself loading gets no second one.
** - A claim is a to-be-closed variable: an error, a cancellation and the end of
**   the program release it.  Lua does not close the variables of a coroutine
**   that dies of an error, nor of a thread that ends without unwinding:
**   thr_loading_dropcoroutine and thr_loading_dropthread do it for them.
** - A wait that fails leaves no trace.
**
** Everything here needs the global lock.  Called by require, and where a
** coroutine or a thread ends.
*/
#ifndef THR_LOADING_H
#define THR_LOADING_H

#include <lua.h>

#include "gil/record.h"

THR_PRIVATE_BEGIN

/* Claims the module whose name, a string, is at idx, after waiting until no
** other thread loads it.  Pushes the claim, which is to stay where it is until
** the calling C function returns.  Raises a deadlock, a cancellation. */
void thr_loading_claim(lua_State *L, thr_tstate *ts, int idx);

/* Releases what was being loaded in a coroutine that has died of an error. */
void thr_loading_dropcoroutine(lua_State *L, thr_runtime *rt, lua_State *co);
/* Releases what was being loaded by a thread that ends. */
void thr_loading_dropthread(lua_State *L, thr_tstate *ts);
/* In the child of a fork: forgets what other threads were loading. */
void thr_loading_afterfork(thr_tstate *self);

/* The name of the module that is waited for at this address. */
const char *thr_loading_name(const void *addr);

void thr_loading_open(lua_State *L);

THR_PRIVATE_END

#endif
