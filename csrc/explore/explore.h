/*
** explore: the Lua face of what chooses the schedule of a program, functions of
** threading._thread for lua/threading/explore.
**
** What a call does, and the threads that it starts, is explored: see baton.h,
** chooser.h for the strategies, and trail.h for what is known of it afterwards.
*/
#ifndef THR_EXPLORE_H
#define THR_EXPLORE_H

#include <lua.h>

#include "os/port.h"

THR_PRIVATE_BEGIN

/*
** _explore_run(options, fn [, on_error]) -> what there was: calls fn,
** protected, and waits until no other thread lives but daemons, or none can
** run; those that live then are stopped.
**
** The options may all be nil:
**   strategy      "default", "random", "sticky", "pct", "replay", "ask"
**   seed, depth, length, plan (a list of integers)      see chooser.h
**   ask(ready, current) -> a thread: `ready` is a list of numbers
**   max_points    0: as many as there are
**   early         may a timer fire at any point?
**   lines         split at new lines only?
**   is_split(source) -> is what is in there split?
**   holds() -> does the invariant hold?
**   quiet         is the order of locks left alone, and not told?
**   alternatives, trace      are they to be kept?
**
** The result is a table:
**   ok, value     has fn returned, and its first result; or the error, as
**                 on_error has made it
**   segments, alternatives      lists, pairs as in trail.h
**   trace         a list of thread, source, line, values or false
**   names         a list, of the threads
**   left          a list of the names of those that had not ended and were no
**                 daemons
**   stop          why it was ended before its time, or nil: "asked", "error",
**                 "points", "deadlock", "invariant", "memory"
**   failed        a low-level thread whose error nobody has caught, or nil
**   error         that with a traceback, what `holds` has raised, or nil
**   hash, points, switches, preemptions
**   strayed       the number of the point where a replay left its plan, or nil
**
** Raises where something is explored already, or another thread lives.
*/
int thr_explore_run(lua_State *L);

/* _explore_stop(): the schedule has failed; all threads are stopped. */
int thr_explore_stop(lua_State *L);

/* _is_explored() -> is the calling thread explored? */
int thr_explore_isexplored(lua_State *L);

THR_PRIVATE_END

#endif
