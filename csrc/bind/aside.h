/*
** aside: a system call that blocks, and has no descriptor to wait for instead.
**
** It is made on a thread of its own, which knows no Lua.  The caller waits for
** that in park; where it gives up, for a timeout, a cancellation or Ctrl-C, the
** thread is left behind, or stopped, if it can be.
**
** Laws
** - It is dropped by whoever leaves it last, its caller or its thread.
** - What `run` writes is the thread's until it is done; then the caller's.
*/
#ifndef THR_ASIDE_H
#define THR_ASIDE_H

#include <lua.h>

#include "bind/self.h"
#include "os/os.h"

THR_PRIVATE_BEGIN

typedef struct thr_aside {
  void (*run)(struct thr_aside *a);  /* makes the call, on any thread */
  void (*free)(struct thr_aside *a); /* frees it, and what it owns */
  const char *what; /* the caller waits for, in dumps */
  bool can_stop;    /* does `run` wait where it lets itself be stopped? See
                       thr_os_letstop */
  atomic_int refs;
  atomic_bool done; /* the caller, who polls it without a lock, sees what `run`
                       has written */
} thr_aside;

/* An aside at the beginning of something larger; its caller has it. */
void thr_aside_init(thr_aside *a, void (*run)(thr_aside *),
                    void (*free)(thr_aside *), const char *what);
void thr_aside_drop(thr_aside *a);

/* 1: done; 0: the time is up; -1: given up, with an error object on the
** stack. */
int thr_aside_run(lua_State *L, thr_tstate *ts, thr_aside *a,
                  int64_t deadline);

THR_PRIVATE_END

#endif
