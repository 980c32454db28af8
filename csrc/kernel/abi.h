/*
** abi: what a compiled Lua function and the library agree on.
**
** The declarations are compiled here, and are the text that begins the C of
** each compiled function: `thr_abi_text`, in the unit that defines
** THR_ABI_WITH_TEXT.
**
** Kinds of values: 'i' integer, 'f' float, 'b' boolean, 'n' nil; an Array is
** 'A' to 'J' and a Value 'K' to 'T', in the order of THR_ELEMS; a Lock is 'l'.
** What `u.p` points to is a threading_arr, the Value's number, the Lock.
*/
#ifndef THR_ABI_H
#define THR_ABI_H

#include "os/os.h"

#if defined(THR_ABI_WITH_TEXT)
#define THR_ABI_BOTH(...) \
  __VA_ARGS__             \
  static const char thr_abi_text[] = #__VA_ARGS__;
#else
#define THR_ABI_BOTH(...) __VA_ARGS__
#endif

#define THR_ABI_MAX_OUT 32 /* results of a compiled function */

/* `pause` serves what is asked of the thread, or does not return.  A thread
** that must look at more than *pending has polls of the weight `turns` between
** two pauses.
** `fail` raises the error of a site, with two operands and a third one that is
** in out[0], and does not return.  `lock_acquire` does not return without the
** lock; `lock_release` returns 0 where it was free. */
/* clang-format off */
THR_ABI_BOTH(
typedef struct threading_val {
  union { int64_t i; double d; void *p; } u; char kind;
} threading_val;

typedef struct threading_arr { void *data; int64_t n; } threading_arr;

typedef struct threading_run {
  const threading_val *in;
  threading_val *out; int nout;
  const unsigned *pending; unsigned heard; int turns;
  void (*pause)(struct threading_run *);
  void (*fail)(struct threading_run *, int site, const threading_val *a,
               const threading_val *b);
  int (*lock_acquire)(struct threading_run *, void *lock);
  int (*lock_release)(struct threading_run *, void *lock);
  char *stack_limit;
} threading_run;
)
/* clang-format on */

#endif
