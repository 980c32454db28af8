/*
** value: one number that Lua and C share.
**
** Loads and stores are relaxed atomics: never torn, never lost by the
** compiler, and not ordered with anything else, as plain memory is on a real
** machine.  Usable with and without the global lock.  A pointer to the number
** is a pointer to its C type, for C that uses atomics of its own.
*/
#ifndef THR_VALUE_H
#define THR_VALUE_H

#include <stdatomic.h>
#include <stdint.h>

#include "data/elem.h"
#include "park/label.h"

THR_PRIVATE_BEGIN

typedef struct {
  union {
#define X(tag, name, T, k) _Atomic T name;
    THR_ELEMS(X)
#undef X
    _Atomic int64_t i; /* the same as int64, */
    _Atomic double d;  /* and as float64 */
  } u; /* atomic */
  thr_elem type; /* const */
  atomic_int refs; /* atomic */
  thr_label *label; /* const: its own, see label.h */
} thr_value;

thr_value *thr_value_new(thr_elem type); /* 0; NULL: no memory */
void thr_value_unref(thr_value *v);

/* What is stored must fit the type. */
thr_num thr_value_load(thr_value *v);
void thr_value_store(thr_value *v, thr_num x);
thr_num thr_value_exchange(thr_value *v, thr_num x);
/* Stores x if it holds *old, bit for bit; else *old becomes what it holds. */
bool thr_value_replace(thr_value *v, thr_num *old, thr_num x);

/* --- the Lua face --- */
struct lua_State;
void thr_value_open(struct lua_State *L);
int thr_value_create(struct lua_State *L); /* _thread.value(type [, initial]) */
thr_value *thr_value_test(struct lua_State *L, int arg); /* or NULL */

THR_PRIVATE_END

#endif
