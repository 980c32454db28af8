/*
** dump: reports what every thread does, and how a deadlock came about.
**
** Runs under the global lock, with every other thread parked, waiting for the
** lock, or in C code without it: their Lua states stand still.
*/
#ifndef THR_DUMP_H
#define THR_DUMP_H

#include <lua.h>

#include "gil/record.h"

THR_PRIVATE_BEGIN

/* Raises the error that describes the circle which the wait of self, which has
** just ended with THR_PARK_DEADLOCK, would have closed. */
void thr_dump_deadlock(thr_tstate *self, lua_State *L);

/* Writes the dump to stderr: a dump_on_signal. */
void thr_dump_stderr(lua_State *L);

/* _thread._dump() -> string */
int thr_dump_text(lua_State *L);

/* threading.dump_on_signal(name) */
int thr_dump_onsignal(lua_State *L);

/* threading.deadlock_policy([name]) -> the one before */
int thr_dump_policy(lua_State *L);

THR_PRIVATE_END

#endif
