/*
** unstarted: threads that are made and never started, told under
** THREADING_DEBUG when they are collected.
*/
#ifndef THR_UNSTARTED_H
#define THR_UNSTARTED_H

#include <lua.h>

#include "gil/record.h"

THR_PRIVATE_BEGIN

/* The program makes the thread now; it tries to start it; it is collected. */
void thr_unstarted_made(lua_State *L, thr_tstate *ts);
void thr_unstarted_tried(thr_tstate *ts);
void thr_unstarted_dropped(thr_tstate *ts);

THR_PRIVATE_END

#endif
