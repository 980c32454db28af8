/*
** elem: the types of numbers that Value, Array and kernels share.
**
** A number that does not fit a type is refused, never wrapped or cut.  A
** uint64 is the 64 bits of a Lua integer, as string.pack "I8" has it: from
** 2^63 on it reads as a negative one, and every Lua integer is accepted.
** The arithmetic of both types of 64 bits wraps around, as Lua's does.
*/
#ifndef THR_ELEM_H
#define THR_ELEM_H

#include <stdint.h>

#include "os/port.h"

THR_PRIVATE_BEGIN

/* X(tag, name, C type, the member of thr_num) for each type */
#define THR_ELEMS(X)                \
  X(INT8, int8, int8_t, i)          \
  X(INT16, int16, int16_t, i)       \
  X(INT32, int32, int32_t, i)       \
  X(INT64, int64, int64_t, i)       \
  X(UINT8, uint8, uint8_t, i)       \
  X(UINT16, uint16, uint16_t, i)    \
  X(UINT32, uint32, uint32_t, i)    \
  X(UINT64, uint64, uint64_t, i)    \
  X(FLOAT32, float32, float, d)     \
  X(FLOAT64, float64, double, d)

typedef enum {
#define X(tag, name, T, k) THR_##tag,
  THR_ELEMS(X)
#undef X
  THR_NELEM
} thr_elem;

/* A number of any of the types. */
typedef union {
  int64_t i; /* integers; a uint64's bits */
  double d;  /* floats */
} thr_num;

static inline bool thr_elem_isfloat(thr_elem type) {
  return type >= THR_FLOAT32;
}

const char *thr_elem_name(thr_elem type);
size_t thr_elem_size(thr_elem type);

/* --- the Lua face --- */
struct lua_State;
/* "int8", ..., or one of C's names: "double". */
thr_elem thr_elem_checktype(struct lua_State *L, int arg);
void thr_elem_push(struct lua_State *L, thr_elem type, thr_num x);
void thr_elem_pushtext(struct lua_State *L, thr_elem type, thr_num x);
/* The number at idx.  False: it is none, or does not fit; then pushwhy pushes
** what is wrong with it. */
bool thr_elem_get(struct lua_State *L, int idx, thr_elem type, thr_num *x);
const char *thr_elem_pushwhy(struct lua_State *L, int idx, thr_elem type);
/* The number at arg; raises. */
thr_num thr_elem_check(struct lua_State *L, int arg, const char *name,
                       thr_elem type);
/* The method fetch_add: adds the number at arg, "n", atomically to the one in
** memory at `at`; pushes what that was, and returns 1.  Raises where n is no
** number of the type's kind, and where the sum does not fit: then that is as it
** was. */
int thr_elem_fetchadd(struct lua_State *L, int arg, thr_elem type, void *at);

THR_PRIVATE_END

#endif
