/*
** told: traps that are told on stderr, under THREADING_DEBUG, once for each
** place: in one line that says what has happened, where, and what to do.
**
** Bounded: of what was told the last THR_MAX_TOLD are remembered.
*/
#ifndef THR_TOLD_H
#define THR_TOLD_H

#include "bind/describe.h"

THR_PRIVATE_BEGIN

/* The innermost place of the program, and not of the library, in L; "?": there
** is none. */
void thr_told_place(lua_State *L, thr_where *where);

/* Tells "threading: ...", unless something of this kind was told of the place
** before.  Any thread may call it, with or without the global lock. */
void thr_told(const char *kind, const thr_where *where, const char *fmt, ...);

/* fork: between the two, no thread is in here. */
void thr_told_beforefork(void);
void thr_told_afterfork(void);

/* Functions of threading._thread. */
int thr_told_debugs(lua_State *L); /* _debugs() */
int thr_told_here(lua_State *L); /* _here() -> "file:line", or "?" */
int thr_told_lua(lua_State *L);  /* _told(kind, place, text) */

THR_PRIVATE_END

#endif
