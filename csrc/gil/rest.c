/* rest: see rest.h. */
#include "gil/rest.h"

/* A walk that takes longer is dear; it is one over some hundred frames. */
#define DEAR (THR_SECOND / 500000)

#define SHARE 10 /* of a thread's time one part may go into walks */

/* A thread's own clock is a system call, too slow for every hook.  A walk that
** looks dear by the other one may have been interrupted: it is not charged, but
** the next ones are measured by the thread's own; as many as this, for those of
** a coroutine on a deep stack come in between. */
#define CLOSELY 16

int64_t thr_rest_begin(const thr_tstate *ts) {
  return ts->rest.closely > 0 ? thr_os_threadtime() : thr_os_monotonic();
}

static void charge(thr_tstate *ts, int64_t cost, int64_t now) {
  int64_t until = ts->rest.until;
  ts->rest.until = (until > now ? until : now) + SHARE * cost;
  ts->rest.cost += cost;
}

void thr_rest_end(thr_tstate *ts, int64_t begun) {
  int64_t now = thr_rest_begin(ts), cost = now - begun;
  if (cost < DEAR) {
    if (ts->rest.closely > 0) ts->rest.closely--;
    return;
  }
  if (ts->rest.closely > 0) charge(ts, cost, now);
  ts->rest.closely = CLOSELY;
}

/* The compare: another thread that finds the rest over must not end one that
** has begun since. */
static int64_t look(thr_tstate *ts, long long until) {
  int64_t left = until - thr_os_timeof(ts->life.os, ts->life.native_id);
  if (left > 0) return left;
  atomic_compare_exchange_strong(&ts->rest.until, &until, 0);
  return 0;
}

int64_t thr_rest_left(thr_tstate *ts) {
  long long until =
      atomic_load_explicit(&ts->rest.until, memory_order_relaxed);
  return until == 0 ? 0 : look(ts, until);
}

int64_t thr_rest_cost(const thr_tstate *ts) { return ts->rest.cost; }
