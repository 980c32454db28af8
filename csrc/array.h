/*
** array: a typed block of memory that Lua and C share.
**
** The block is aligned for SIMD, never moves and never changes its size; it
** lives as long as somebody holds a reference: the box in Lua, and a kernel
** while it runs.  Elements are plain memory: who shares them between threads
** keeps their accesses apart.
*/
#ifndef THR_ARRAY_H
#define THR_ARRAY_H

#include <stdatomic.h>
#include <stddef.h>

#include "elem.h"

THR_PRIVATE_BEGIN

#define THR_ARRAY_ALIGN 64

typedef struct {
  void *data;    /* const: THR_ARRAY_ALIGN bytes aligned; NULL if n is 0 */
  size_t n;      /* const: elements */
  thr_elem type; /* const */
  atomic_int refs;
} thr_array;

thr_array *thr_array_new(thr_elem type, size_t n); /* zeroed; NULL: no memory */
void thr_array_unref(thr_array *a);

/* --- the Lua face --- */
struct lua_State;
void thr_array_open(struct lua_State *L);
int thr_array_create(struct lua_State *L); /* _thread.array(type, n | table) */
thr_array *thr_array_test(struct lua_State *L, int arg); /* or NULL */

THR_PRIVATE_END

#endif
