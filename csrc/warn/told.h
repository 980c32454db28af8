/*
** told: traps that are told on stderr, under THREADING_DEBUG, once for each
** place: in one line that says what has happened, where, and what to do.
**
** Bounded: of what was told the last THR_MAX_TOLD are remembered.  sync's
** order, whose lines are about several places, has such a list of its own.
*/
#ifndef THR_TOLD_H
#define THR_TOLD_H

#include "bind/describe.h"
#include "os/tuning.h"

THR_PRIVATE_BEGIN

/* What was told, as hashes, so that nothing is told again: the last ones. */
typedef struct {
  uint64_t hash[THR_MAX_TOLD]; /* a ring */
  size_t n;                    /* how many there ever were */
} thr_told_list;

/* Of a kind and a place.  Those of several places may be added up to one of
** them all: lines 10 and 20 do not make what 11 and 19 do. */
uint64_t thr_told_hash(const char *kind, const thr_where *where);
/* Notes the hash, if it is not in the list. */
bool thr_told_isnew(thr_told_list *list, uint64_t hash);

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
