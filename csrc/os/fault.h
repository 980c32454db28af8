/*
** fault: the knobs of the hostile build: what is to go wrong, and when.
**
** Built with -DTHREADING_TESTING, the library takes every chance to go wrong
** that a spec asks it to take (by testing.c).  In an ordinary build what is
** declared here is constant, and the compiler takes it out.
**
** Asked where what is to go wrong is decided, by the room `os` above all.
** Knows no clock: where it needs the time, it is given a function that returns
** it, which an ordinary build does not call.
*/
#ifndef THR_FAULT_H
#define THR_FAULT_H

#include "os/port.h"

THR_PRIVATE_BEGIN

/* What may fail: an allocation, Lua's or ours; a call that asks the system for
** something else. */
typedef enum { THR_CHANCE_MEMORY = 1, THR_CHANCE_CALL } thr_chance;

typedef int64_t (*thr_clockfn)(void); /* thr_os_monotonic */

#if defined(THREADING_TESTING)

/* After so many VM instructions a thread lets the others run, whether they
** ask for it or not; 0: as usual. */
int thr_fault_every(void);
int thr_fault_setevery(int n); /* returns what it was */

/* Shall this fail? */
bool thr_fault_fails(thr_chance chance);

/* Shall a request to one of Lua's allocators fail?  One that does comes a
** second time, after a collection, and must fail again: *failed is the last
** one. */
typedef struct {
  void *p;
  size_t size;
} thr_request;
bool thr_fault_request(thr_request *failed, void *p, size_t size);

/* From begin to end, of the chances of one kind those from `first` to `last`
** fail: the chances of the calling thread, or of all.  end returns how many
** chances there were. */
void thr_fault_begin(thr_chance chance, bool everywhere, long long first,
                     long long last);
long long thr_fault_end(void);

/* The library has got n things that it must give back, or has given back;
** and how many it holds. */
void thr_fault_hold(int n);
long long thr_fault_held(void);

/* The clock of timeouts, which a spec may stop: what it shows at
** this time; until when to sleep for a deadline of it; and, when a sleep has
** come to that end: is it still before the deadline? */
int64_t thr_fault_now(int64_t now);
int64_t thr_fault_until(int64_t deadline, thr_clockfn clock);
bool thr_fault_early(int64_t deadline, thr_clockfn clock);

/* Stops the clock at this time, and lets it go again. */
void thr_fault_stopclock(int64_t now);
void thr_fault_startclock(void);
/* Puts the clock forward; false: it goes. */
bool thr_fault_advance(int64_t ns);
/* How long it is until the earliest deadline of the threads that sleep, or
** THR_FOREVER. */
int64_t thr_fault_untilnext(void);

#else

static inline int thr_fault_every(void) { return 0; }
static inline bool thr_fault_fails(thr_chance chance) {
  (void)chance;
  return false;
}
static inline void thr_fault_hold(int n) { (void)n; }
static inline int64_t thr_fault_now(int64_t now) { return now; }
static inline int64_t thr_fault_until(int64_t deadline, thr_clockfn clock) {
  (void)clock;
  return deadline;
}
static inline bool thr_fault_early(int64_t deadline, thr_clockfn clock) {
  (void)deadline;
  (void)clock;
  return false;
}

#endif

THR_PRIVATE_END

#endif
