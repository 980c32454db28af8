/*
** closures: how a function becomes bytes: by its name, or a Lua function's code
** and what it has around it.
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

THR_PRIVATE_END

#endif
