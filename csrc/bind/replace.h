/*
** replace: puts functions of ours in the place of standard ones.
**
** A replacement calls what it has replaced, its original, as its upvalue.
**
** A program may have put a function of its own in the place of a standard one,
** which calls that.  It must still be called; where what it calls must be
** ours, too, ours is put where the wrapper keeps the standard function, in an
** upvalue of it or of a function that it calls.  Where it is not found there,
** a second function of ours is put around the wrapper.
*/
#ifndef THR_REPLACE_H
#define THR_REPLACE_H

#include <lauxlib.h>
#include <lua.h>

#include "os/port.h"

THR_PRIVATE_BEGIN

/* Replaces functions of a loaded standard library, if they are there. */
void thr_replace(lua_State *L, const char *lib, const luaL_Reg *list);
/* The same in the table on top of the stack. */
void thr_replace_in(lua_State *L, const luaL_Reg *list);
/* The same in the table below the value on top of the stack, which they have as
** their third upvalue.  With `plain` only C functions without upvalues, as
** Lua's own are: what a program has put there stays. */
void thr_replace_sharing(lua_State *L, const luaL_Reg *list, bool plain);
/* Called by a replacement: calls what it has replaced, on its own arguments
** and, where possible, in its own frame. */
int thr_replace_original(lua_State *L);
/* Is that a C function without upvalues, as Lua's own are? */
bool thr_replace_isplain(lua_State *L);

typedef struct {
  const char *name;     /* NULL at the end of a list */
  lua_CFunction ours;   /* in place of the standard function */
  lua_CFunction around; /* in place of a wrapper */
} thr_replacement;

/* Replaces functions which a program may have wrapped, in a loaded standard
** library; both functions have the same original.  `open` is the name of the C
** function that opens the library; NULL: no program has been there yet. */
void thr_replace_wrapped(lua_State *L, const char *lib, const char *open,
                         const thr_replacement *list);

/* Is the value on top of the stack the function that is to be replaced? */
typedef bool (*thr_isoriginal)(lua_State *L, const void *arg);

/* Puts the value on top of the stack in the place of each original that the
** function at idx keeps in an upvalue.  False: it keeps none. */
bool thr_replace_plant(lua_State *L, int idx, thr_isoriginal is,
                       const void *arg);

THR_PRIVATE_END

#endif
