/*
** trace: the Lua face of the recorder, functions of threading._thread for
** lua/threading/trace.
*/
#ifndef THR_TRACE_H
#define THR_TRACE_H

#include <lua.h>

#include "os/port.h"

THR_PRIVATE_BEGIN

int thr_trace_asked(lua_State *L); /* _trace_asked() -> THREADING_TRACE, once */
int thr_trace_start(lua_State *L); /* _trace_start(file) -> true; nil, why */
int thr_trace_stop(lua_State *L);  /* _trace_stop() -> lost; nil, why */
int thr_trace_ison(lua_State *L);  /* _trace_is_on() */
int thr_trace_begin(lua_State *L); /* _trace_begin() -> when, or nil */
int thr_trace_span(lua_State *L);  /* _trace_span(name, when) */
int thr_trace_mark(lua_State *L);  /* _trace_mark(name [, text]) */

THR_PRIVATE_END

#endif
