/*
** rlock: a lock that its owner may acquire again, and only it may release.
**
** A thr_lock with `owner_only` set, see lock.h, which acquires it.
*/
#ifndef THR_RLOCK_H
#define THR_RLOCK_H

#include "sync/lock.h"

THR_PRIVATE_BEGIN

/* Returns false where ts does not own it. */
static inline bool thr_rlock_release(thr_lock *l, const thr_tstate *ts) {
  if (!thr_lock_isowner(l, ts)) return false;
  thr_lock_setdepth(l, thr_lock_depth(l) - 1);
  if (thr_lock_depth(l) == 0) thr_lock_release(l);
  return true;
}

/* --- the Lua face --- */
struct lua_State;
void thr_rlock_open(struct lua_State *L);
int thr_rlock_create(struct lua_State *L);
/* Pushes a new one of this name, or NULL. */
thr_lock *thr_rlock_createnamed(struct lua_State *L, const char *name);
thr_lock *thr_rlock_test(struct lua_State *L, int arg); /* or NULL */
/* Pushes the box that this Lua state has for it. */
void thr_rlock_pushshare(struct lua_State *L, thr_lock *l);

THR_PRIVATE_END

#endif
