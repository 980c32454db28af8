/*
** value: one number that Lua and C share.
**
** Loads and stores are relaxed atomics: never torn, never lost by the
** compiler, and not ordered with anything else, as plain memory is on a real
** machine.  Usable with and without the global lock.
*/
#ifndef THR_VALUE_H
#define THR_VALUE_H

#include <stdatomic.h>
#include <stdint.h>

#include "os.h"

THR_PRIVATE_BEGIN

typedef enum { THR_INT64, THR_FLOAT64 } thr_valuetype;

typedef struct {
  union {
    _Atomic int64_t i;
    _Atomic double d;
  } u;
  thr_valuetype type; /* const */
  atomic_int refs;
} thr_value;

thr_value *thr_value_new(thr_valuetype type);
void thr_value_unref(thr_value *v);

/* --- the Lua face --- */
struct lua_State;
void thr_value_open(struct lua_State *L);
int thr_value_create(struct lua_State *L);
thr_value *thr_value_test(struct lua_State *L, int arg); /* or NULL */

THR_PRIVATE_END

#endif
