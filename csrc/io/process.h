/*
** process: waiting for the end of a program that this one has started, and for
** what it prints, in park.
*/
#ifndef THR_PROCESS_H
#define THR_PROCESS_H

#include <lua.h>

#include "os/child.h"
#include "park/park.h"

THR_PRIVATE_BEGIN

/* The list of strings at arg, as programs are started with; it is on the stack,
** and the strings in their table, and with that alive.  Raises. */
char **thr_process_checkargv(lua_State *L, int arg);

/* Waits once, for the descriptor of `watch` if that is not -1.  1: wait again,
** 0: ready or the time is up, -1: given up, with an error object on the
** stack. */
int thr_process_wait(lua_State *L, thr_tstate *ts, thr_watch *watch,
                     int64_t deadline, const char *what);

/* Pushes what can be read from a child's output until that ends, but no more
** than about `most` bytes; false at the deadline.  Raises what ends it. */
bool thr_process_read(lua_State *L, thr_tstate *ts, int output, size_t most,
                      int64_t deadline);

/* Waits for a child's end.  1: it has ended, with *status as thr_child_reap
** has it; 0: not before the deadline; -1: given up, with an error object on the
** stack. */
int thr_process_waitend(lua_State *L, thr_tstate *ts, thr_child *c,
                        int64_t deadline, int *status);

THR_PRIVATE_END

#endif
