/*
** array: a typed block of memory that Lua and C share.
**
** The block is aligned for SIMD, never moves and never changes its size; it
** lives as long as there is a reference: the box in Lua, and a kernel while it
** runs.  Elements are plain memory: a program that shares them
** between threads keeps their accesses apart.
*/
#ifndef THR_ARRAY_H
#define THR_ARRAY_H

#include <stdatomic.h>
#include <stddef.h>

#include "bind/box.h"
#include "data/block.h"
#include "data/elem.h"
#include "park/label.h"

THR_PRIVATE_BEGIN

typedef struct {
  void *data;    /* const: THR_ARRAY_ALIGN bytes aligned; NULL if n is 0 */
  size_t n;      /* const: elements */
  thr_elem type; /* const */
  atomic_int refs; /* atomic */
  thr_label *label; /* const: its own, see label.h */
  thr_block *block; /* const: of one that processes share; NULL: the elements
                       are behind it */
} thr_array;

/* All 0; NULL: no memory.  What is never touched takes none. */
thr_array *thr_array_new(thr_elem type, size_t n);
/* The Array for memory that processes share, behind a descriptor, which is
** taken, or closed: the one that this process has, if it has one; NULL: no
** memory, or it is not so large. */
thr_array *thr_array_adopt(int fd, thr_elem type, size_t n);
void thr_array_unref(thr_array *a);

static inline void thr_array_ref(thr_array *a) {
  atomic_fetch_add_explicit(&a->refs, 1, memory_order_relaxed);
}

/* Has the collector know of so many bytes behind an Array that it is about to
** see. */
struct lua_State;
void thr_array_account(struct lua_State *L, size_t bytes);

/* Sets elements from `from` up to, not including, `to`, counted from 0, to x,
** which fits. */
void thr_array_fill(thr_array *a, thr_num x, size_t from, size_t to);

/* --- the Lua face --- */
struct lua_State;
void thr_array_open(struct lua_State *L);
int thr_array_create(struct lua_State *L); /* _thread.array(type, n | table) */
thr_array *thr_array_test(struct lua_State *L, int arg); /* or NULL */
extern const thr_kind thr_array_kind;

THR_PRIVATE_END

#endif
