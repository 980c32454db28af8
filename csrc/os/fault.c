/* fault: see fault.h. */
#include "os/fault.h"

#if defined(THREADING_TESTING)

static atomic_int every;

int thr_fault_every(void) {
  return atomic_load_explicit(&every, memory_order_relaxed);
}

int thr_fault_setevery(int n) { return atomic_exchange(&every, n); }

/* --- failures --- */

static THR_TLS int failing_here; /* thr_chance; 0: none */
static atomic_int failing_everywhere;
static atomic_llong chances, first_failing, last_failing;

bool thr_fault_fails(thr_chance chance) {
  if (failing_here != (int)chance && failing_everywhere != (int)chance)
    return false;
  long long n = atomic_fetch_add(&chances, 1) + 1;
  return n >= first_failing && n <= last_failing;
}

bool thr_fault_request(thr_request *failed, void *p, size_t size) {
  bool again = failed->size == size && failed->p == p;
  failed->size = 0;
  if (again) return true;
  if (!thr_fault_fails(THR_CHANCE_MEMORY)) return false;
  *failed = (thr_request){p, size};
  return true;
}

void thr_fault_begin(thr_chance chance, bool everywhere, long long first,
                     long long last) {
  first_failing = first;
  last_failing = last;
  chances = 0;
  if (everywhere) failing_everywhere = chance;
  else failing_here = chance;
}

long long thr_fault_end(void) {
  failing_here = failing_everywhere = 0;
  return chances;
}

static atomic_llong held;

void thr_fault_hold(int n) { atomic_fetch_add(&held, n); }
long long thr_fault_held(void) { return held; }

/* --- the clock --- */

#define LOOK_AGAIN (THR_SECOND / 1000) /* at the clock, while it is stopped */

static _Atomic int64_t stopped_at; /* 0: it goes */
static _Atomic int64_t earliest = THR_FOREVER; /* deadline of a sleeper */

int64_t thr_fault_now(int64_t now) {
  int64_t at = stopped_at;
  return at != 0 ? at : now;
}

bool thr_fault_early(int64_t deadline, thr_clockfn clock) {
  return thr_fault_now(clock()) < deadline;
}

static void note_deadline(int64_t deadline) {
  int64_t least = earliest;
  while (deadline < least &&
         !atomic_compare_exchange_weak(&earliest, &least, deadline))
    continue;
}

int64_t thr_fault_until(int64_t deadline, thr_clockfn clock) {
  if (stopped_at == 0 || deadline == THR_FOREVER) return deadline;
  if (stopped_at >= deadline) return 0;
  note_deadline(deadline);
  return clock() + LOOK_AGAIN;
}

void thr_fault_stopclock(int64_t now) {
  stopped_at = now;
  earliest = THR_FOREVER;
}

void thr_fault_startclock(void) { stopped_at = 0; }

bool thr_fault_advance(int64_t ns) {
  if (stopped_at == 0) return false;
  stopped_at += ns;
  earliest = THR_FOREVER;
  return true;
}

int64_t thr_fault_untilnext(void) {
  int64_t least = earliest;
  return least == THR_FOREVER ? least : least - stopped_at;
}

#else

/* ISO C wants a declaration in each file. */
typedef int thr_fault_unused;

#endif
