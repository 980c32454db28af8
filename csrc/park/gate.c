/* gate: see gate.h for the laws. */
#include "park/gate.h"

/* Under the global lock, as all that looks at the gate. */
static bool note_parked(thr_waiter *w) {
  ((thr_gate *)w->addr)->parked = true;
  return true;
}

static void note_left(const void *addr, thr_waiter *w, bool more) {
  (void)w;
  ((thr_gate *)addr)->parked = more;
}

thr_parkresult thr_gate_wait(thr_gate *gate, thr_tstate *ts, const void *object,
                             const char *what, const struct thr_label *label,
                             int64_t deadline) {
  thr_waiter w = thr_waiter_on(ts, gate, what);
  w.object = object;
  w.label = label;
  w.validate = note_parked;
  if (gate->streams) w.patience = THR_STREAM;
  gate->waiting++;
  thr_parkresult r = thr_park(&w, deadline);
  gate->waiting--;
  return r;
}

void thr_gate_wakefirst(thr_gate *gate) { thr_unpark_one(gate, note_left); }

void thr_gate_wakeall(thr_gate *gate) {
  if (gate->parked) thr_unpark_all(gate);
  gate->parked = false;
}
