/*
** testing: what the hostile build does to the library.
**
** Built with -DTHREADING_TESTING, the library can be told, through
** `_thread._testing`, to take every chance to go wrong.  In an ordinary build
** what stands here is constant, and the compiler takes it out.
**
** Called where what is to go wrong is decided, by `os` above all.
*/
#ifndef THR_TESTING_H
#define THR_TESTING_H

#include "os.h"

THR_PRIVATE_BEGIN

struct lua_State;

/* What may fail: an allocation, Lua's or ours; a call that asks the system for
** something else. */
typedef enum { THR_CHANCE_MEMORY = 1, THR_CHANCE_CALL } thr_chance;

#if defined(THREADING_TESTING)

/* After so many VM instructions a thread lets the others run, whether they
** ask for it or not; 0: as usual. */
int thr_testing_every(void);

/* Shall this fail? */
bool thr_testing_fails(thr_chance chance);

/* The library has got n things that it must give back, or has given back. */
void thr_testing_hold(int n);

/* The clock of timeouts, which may be told to stand still: what it shows at
** this time; until when to sleep for a deadline of it; and, when a sleep has
** come to that end: is it still before the deadline? */
int64_t thr_testing_now(int64_t now);
int64_t thr_testing_until(int64_t deadline);
bool thr_testing_early(int64_t deadline);

/* Adds `_testing` to the module on the stack. */
void thr_testing_open(struct lua_State *L);

#else

static inline int thr_testing_every(void) { return 0; }
static inline bool thr_testing_fails(thr_chance chance) {
  (void)chance;
  return false;
}
static inline void thr_testing_hold(int n) { (void)n; }
static inline int64_t thr_testing_now(int64_t now) { return now; }
static inline int64_t thr_testing_until(int64_t deadline) { return deadline; }
static inline bool thr_testing_early(int64_t deadline) {
  (void)deadline;
  return false;
}
static inline void thr_testing_open(struct lua_State *L) { (void)L; }

#endif

THR_PRIVATE_END

#endif
