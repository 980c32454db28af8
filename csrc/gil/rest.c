/* rest: see rest.h. */
#include "gil/rest.h"

#include "os/tuning.h"

int64_t thr_rest_begin(const thr_tstate *ts) {
  return ts->rest.closely > 0 ? thr_os_threadtime() : thr_os_monotonic();
}

/* Walks that had to be made while it rests prolong the rest. */
static void charge(thr_tstate *ts, int64_t cost, int64_t now) {
  int64_t until = ts->rest.until, most = now + THR_MAX_REST;
  until = (until > now ? until : now) + THR_REST_SHARE * cost;
  ts->rest.until = until < most ? until : most;
  ts->rest.cost += cost;
}

void thr_rest_end(thr_tstate *ts, int64_t begun) {
  int64_t now = thr_rest_begin(ts), cost = now - begun;
  if (cost < THR_DEAR) {
    if (ts->rest.closely > 0) ts->rest.closely--;
    return;
  }
  if (ts->rest.closely > 0) charge(ts, cost, now);
  ts->rest.closely = THR_CLOSELY;
}

/* Compares, since another thread that finds the rest over must not end one that
** has begun meanwhile. */
int64_t thr_rest_look(thr_tstate *ts, long long until) {
  int64_t left = until - thr_os_timeof(ts->life.os, ts->life.native_id);
  if (left > 0) return left;
  atomic_compare_exchange_strong(&ts->rest.until, &until, 0);
  return 0;
}

int64_t thr_rest_cost(const thr_tstate *ts) { return ts->rest.cost; }
