/*
** explore: the Lua face of what chooses the schedule of a program, functions of
** threading._thread for lua/threading/explore.
**
** One schedule lasts from _explore_begin to _explore_end.  What is between the
** two, and the threads that it starts, is explored: see baton.h, chooser.h for
** the strategies, and trail.h for what is known of it afterwards.
*/
#ifndef THR_EXPLORE_H
#define THR_EXPLORE_H

#include <lua.h>

#include "os/port.h"

THR_PRIVATE_BEGIN

/*
** _explore_begin(options): from now on.  All of them may be nil:
**   strategy      "default", "random", "sticky", "pct", "replay", "ask"
**   seed, depth, length, plan (a list of integers)      see chooser.h
**   ask(ready, current) -> a thread: `ready` is a list of numbers
**   max_points    0: as many as there are
**   early         may a timer fire at any point?
**   lines         split at new lines only?
**   is_split(source) -> is what is in there split?
**   holds() -> does the invariant hold?
**   alternatives, trace      are they to be kept?
** Raises where something is explored already, or another thread lives.
*/
int thr_explore_begin(lua_State *L);

/*
** _explore_end() -> what there was, when no other thread lives but daemons, or
** none can run; then those that live have been stopped:
**   segments, alternatives      lists, pairs as in trail.h
**   trace         a list of thread, source, line, values or false
**   names         a list, of the threads
**   left          a list of the names of those that had not ended and were no
**                 daemons
**   stop          why it was ended before its time, or nil: "asked", "error",
**                 "points", "deadlock", "invariant", "memory"
**   failed, error a low-level thread whose error nobody has caught, and that
**                 with a traceback; or nil
**   hash, points, switches, preemptions
**   strayed       the number of the point where a replay left its plan, or nil
*/
int thr_explore_end(lua_State *L);

/* _explore_stop(): the schedule has failed; all threads are stopped. */
int thr_explore_stop(lua_State *L);

/* _is_explored() -> is the calling thread explored? */
int thr_explore_isexplored(lua_State *L);

THR_PRIVATE_END

#endif
