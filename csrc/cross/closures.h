/*
** closures: how a function becomes bytes: by its name, or a Lua function's code
** and what it has around it.
**
** The code of one that crosses again is kept on both sides, as long as there is
** the function.
*/
#ifndef THR_CLOSURES_H
#define THR_CLOSURES_H

#include "cross/encoder.h"

THR_PRIVATE_BEGIN

/* The function at idx, which is not a negative index. */
void thr_closures_put(thr_encoder *e, int idx, int depth);
/* The upvalues of the function on top of the stack, which was put without them;
** it has this number. */
void thr_closures_fill(thr_encoder *e, uint32_t number);

/* Pushes a function with this code; where it is `shared`, for it has no
** upvalues but the globals, the same each time. */
void thr_closures_load(lua_State *L, const char *code, size_t n, bool shared);

THR_PRIVATE_END

#endif
