/*
** wrapper: replaces standard functions that a program may have wrapped before.
**
** A program may have put a function of its own in the place of a standard one,
** which calls that.  It must still be called; and what it calls must be ours,
** or coroutines would run that the records know nothing of.  So ours is put
** where the wrapper keeps the standard function, in an upvalue of it or of a
** function that it calls.  Where it is not found there, a second function of
** ours is put around the wrapper.
*/
#ifndef THR_WRAPPER_H
#define THR_WRAPPER_H

#include <lua.h>

#include "os/os.h"

THR_PRIVATE_BEGIN

/* Is the value on top of the stack the function that is to be replaced? */
typedef bool (*thr_isoriginal)(lua_State *L, const void *arg);

/* Puts the value on top of the stack in the place of each original that the
** function at idx keeps in an upvalue.  False: it keeps none. */
bool thr_wrapper_plant(lua_State *L, int idx, thr_isoriginal is,
                       const void *arg);

typedef struct {
  const char *name;     /* NULL at the end of a list */
  lua_CFunction ours;   /* in place of the standard function */
  lua_CFunction around; /* in place of a wrapper */
} thr_replacement;

/* Replaces functions of a loaded standard library, if they are there; both
** find what they replace by thr_face_original.  `open` is the name of the C
** function that opens the library. */
void thr_wrapper_replace(lua_State *L, const char *lib, const char *open,
                         const thr_replacement *list);

THR_PRIVATE_END

#endif
