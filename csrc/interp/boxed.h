/* boxed: interpreters as values of Lua. */
#ifndef THR_BOXED_H
#define THR_BOXED_H

#include <lauxlib.h>

#include "bind/box.h"
#include "interp/interp.h"

THR_PRIVATE_BEGIN

/* Pushes an empty box; and fills it: the caller's box of i is Lua's now. */
thr_box *thr_boxed_new(lua_State *L);
void thr_boxed_fill(lua_State *L, thr_box *box, thr_interp *i);

/* The interpreter at arg, in use; raises. */
thr_interp *thr_boxed_check(lua_State *L, int arg);

/* Makes the type, with these methods. */
void thr_boxed_open(lua_State *L, const luaL_Reg *methods);

THR_PRIVATE_END

#endif
