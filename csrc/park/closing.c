/* closing: see closing.h. */
#include "park/closing.h"

/* Changed before the waiters are looked for under their bucket's mutex, read
** under that mutex by one that is about to join them: either the announcement
** finds the waiter, or the waiter sees that it was made. */
static atomic_uint closings;

unsigned thr_closing_count(void) { return closings; }

int thr_closing_announce(int fd) {
  closings++;
  return thr_unpark_all(thr_lot_atfd(fd));
}

typedef struct {
  thr_waiter waiter; /* first: thr_park hands it back */
  unsigned count;
} fd_waiter;

static bool is_current(thr_waiter *w) {
  return ((const fd_waiter *)w)->count == closings;
}

thr_parkresult thr_closing_park(thr_tstate *ts, thr_watch *watch,
                                unsigned count, int64_t deadline) {
  fd_waiter w = {thr_waiter_onfd(ts, watch, "descriptor"), count};
  w.waiter.validate = is_current;
  return thr_park(&w.waiter, deadline);
}
