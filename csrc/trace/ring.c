/* ring: see ring.h. */
#include "trace/ring.h"

thr_ring *thr_ring_new(thr_tstate *ts, const thr_trace_calls *calls) {
  thr_ring *r = thr_os_alloc(sizeof(*r));
  if (!r) return NULL;
  r->traced.calls = calls;
  r->ts = ts;
  thr_tstate_ref(ts);
  atomic_init(&r->refs, 1);
  return r;
}

void thr_ring_ref(thr_ring *r) { atomic_fetch_add(&r->refs, 1); }

void thr_ring_unref(thr_ring *r) {
  if (atomic_fetch_sub(&r->refs, 1) != 1) return;
  thr_tstate_unref(r->ts);
  thr_os_free(r);
}

bool thr_ring_put(thr_ring *r, const thr_event *e) {
  unsigned put = atomic_load_explicit(&r->put, memory_order_relaxed);
  unsigned taken = atomic_load_explicit(&r->taken, memory_order_acquire);
  if (put - taken == THR_TRACE_RING) {
    atomic_store_explicit(&r->dropped, r->dropped + 1, memory_order_relaxed);
    r->lossy = true;
    return false;
  }
  thr_event *to = &r->of[put % THR_TRACE_RING];
  *to = *e;
  to->lost = r->lossy;
  r->lossy = false;
  atomic_store_explicit(&r->put, put + 1, memory_order_release);
  return put + 1 - taken == THR_TRACE_RING / 2;
}

bool thr_ring_take(thr_ring *r, thr_event *e) {
  unsigned taken = atomic_load_explicit(&r->taken, memory_order_relaxed);
  if (atomic_load_explicit(&r->put, memory_order_acquire) == taken)
    return false;
  *e = r->of[taken % THR_TRACE_RING];
  atomic_store_explicit(&r->taken, taken + 1, memory_order_release);
  return true;
}
