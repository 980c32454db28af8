/*
** flight: one run of a compiled function, outside the global lock.
**
** The function does not return where it raises an error, or where it pauses and
** the thread is to stop: its frames are left by a jump.  They hold nothing.
*/
#ifndef THR_FLIGHT_H
#define THR_FLIGHT_H

#include <lua.h>

#include "gil/record.h"
#include "kernel/abi.h"

THR_PRIVATE_BEGIN

typedef void (*thr_entry)(threading_run *run);

typedef enum {
  THR_FLIGHT_RETURNED,
  THR_FLIGHT_FAILED, /* at `site` */
  THR_FLIGHT_STOPPED /* the error object is on top of the Lua stack */
} thr_flightend;

/* All the thread's own. */
typedef struct {
  threading_run run; /* first: what the function sees */
  lua_State *L;
  thr_tstate *ts;
  thr_entry entry;
  jmp_buf out;
  int polls; /* the weight of polls between two pauses, in the main thread */
  int64_t paused; /* when, or 0 */
  int site; /* of the error, */
  bool has_a, has_b; /* with these operands */
  threading_val a, b;
  threading_val results[THR_ABI_MAX_OUT];
} thr_flight;

/* Runs f->entry for `in`; L, ts and entry are set.  The caller holds the global
** lock, before and after, and has room for 10 values on the Lua stack.  A
** flight that `leaps` can end otherwise than by returning. */
thr_flightend thr_flight_run(thr_flight *f, const threading_val *in,
                             bool leaps);

THR_PRIVATE_END

#endif
