/*
** rlock: a lock that its owner may acquire again, and only it may release.
**
** A thr_lock with `certain` set, whose `depth` counts the acquisitions; the
** depth is touched by the owner alone.
*/
#ifndef THR_RLOCK_H
#define THR_RLOCK_H

#include "lock.h"

THR_PRIVATE_BEGIN

static inline bool thr_rlock_try(thr_lock *l, const thr_tstate *ts) {
  if (!thr_lock_isowner(l, ts) && !thr_lock_try(l, ts)) return false;
  l->depth++;
  return true;
}

thr_wake thr_rlock_wait(thr_lock *l, thr_tstate *ts, int64_t deadline);

/* Returns false where ts does not own it. */
bool thr_rlock_release(thr_lock *l, const thr_tstate *ts);

/* --- the Lua face --- */
struct lua_State;
void thr_rlock_open(struct lua_State *L);
int thr_rlock_create(struct lua_State *L);
thr_lock *thr_rlock_test(struct lua_State *L, int arg); /* or NULL */

THR_PRIVATE_END

#endif
