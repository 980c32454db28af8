/*
** semaphore: counts permits, which have no owner.
**
** The word is the value times two, plus PARKED: somebody may be waiting.  A
** release raises the value and wakes as many; they compete with newcomers,
** and one that has waited for a millisecond is handed its permit instead.
** Usable with and without the global lock.
*/
#ifndef THR_SEMAPHORE_H
#define THR_SEMAPHORE_H

#include "park/label.h"
#include "park/park.h"

THR_PRIVATE_BEGIN

typedef struct {
  _Atomic int64_t word;
  int64_t initial; /* const */
  bool bounded;    /* const: the value may not exceed the initial one */
  atomic_int refs, retained; /* retained: how often by C */
  thr_label *label; /* const: its own, see label.h */
} thr_semaphore;

thr_semaphore *thr_semaphore_new(int64_t value, bool bounded);
void thr_semaphore_unref(thr_semaphore *s);
int64_t thr_semaphore_value(thr_semaphore *s);
bool thr_semaphore_try(thr_semaphore *s);
thr_parkresult thr_semaphore_wait(thr_semaphore *s, thr_tstate *ts,
                                  int64_t deadline);
/* Returns false, and changes nothing, where the bound would be exceeded. */
bool thr_semaphore_release(thr_semaphore *s, int64_t n);

#define THR_MAX_SEMAPHORE (INT64_MAX / 4)

/* --- the Lua face --- */
struct lua_State;
void thr_semaphore_open(struct lua_State *L);
int thr_semaphore_create(struct lua_State *L);
int thr_semaphore_createbounded(struct lua_State *L);
thr_semaphore *thr_semaphore_test(struct lua_State *L, int arg); /* or NULL */

THR_PRIVATE_END

#endif
