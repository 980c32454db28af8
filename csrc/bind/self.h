/*
** self: the calling thread's record, for a function that Lua has called.
**
** Each such function asks for it first.  That sets where the thread is, see
** whose.h, and raises where Lua code must not run: on a thread that is not
** attached, without the global lock, or once the library is gone.
*/
#ifndef THR_SELF_H
#define THR_SELF_H

#include <lua.h>

#include "gil/record.h"
#include "gil/whose.h"

THR_PRIVATE_BEGIN

/* The slow way to what thr_self and thr_self_here return. */
thr_tstate *thr_self_find(lua_State *L);
thr_tstate *thr_self_findhere(lua_State *L);

/* The calling thread's record; raises where the OS thread is foreign.  Quick
** where L is what the thread is known to run. */
static inline thr_tstate *thr_self(lua_State *L) {
  thr_tstate *ts = thr_tls;
  if (!ts || ts->lua.quick != L) return thr_self_find(L);
  thr_whose_at(ts, L);
  return ts;
}

/* The same for the functions that replace Lua's own, which work as those do
** once the library is gone: NULL then.  Finalisers may run after ours. */
static inline thr_tstate *thr_self_here(lua_State *L) {
  thr_tstate *ts = thr_tls;
  if (!ts || ts->lua.quick != L) return thr_self_findhere(L);
  thr_whose_at(ts, L);
  return ts;
}

/* Makes the entries of the registry for what follows. */
void thr_self_open(lua_State *L);

/* The runtime of this Lua state; NULL before it is set, and once it is gone. */
thr_runtime *thr_self_runtime(lua_State *L);
void thr_self_setruntime(lua_State *L, thr_runtime *rt);

/* The library is gone from this Lua state, and the runtime with it: sets that,
** asks for it, and raises the error that says so. */
void thr_self_setgone(lua_State *L);
bool thr_self_isgone(lua_State *L);
int thr_self_refusegone(lua_State *L);

THR_PRIVATE_END

#endif
