/*
** tuning: the constants that trade one thing for another.
*/
#ifndef THR_TUNING_H
#define THR_TUNING_H

#include "os/os.h"

/* How long a computing thread keeps the global lock when others compute, too:
** shorter is fairer, with more switches.  CPython's value; settable. */
#define THR_INTERVAL (5 * THR_SECOND / 1000)

/* The armed hook counts a random number of instructions, 2 to this, so that a
** switch comes between any two; larger: it comes later. */
#define THR_MAX_RANDOM 32

/* The count of what must be met at once. */
#define THR_URGENT_COUNT 1

/* A user's count hook is served in slices of at most so many instructions: the
** longest delay of a switch under one, against how often ours fires in vain. */
#define THR_MAX_SLICE 1000

#endif
