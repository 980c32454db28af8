/* aside: see aside.h. */
#include "bind/aside.h"

#include "bind/pending.h"
#include "gil/gil.h"
#include "park/park.h"

void thr_aside_init(thr_aside *a, void (*run)(thr_aside *),
                    void (*free)(thr_aside *), const char *what) {
  a->run = run;
  a->free = free;
  a->what = what;
  a->can_stop = false;
  atomic_init(&a->refs, 1);
  atomic_init(&a->done, false);
}

void thr_aside_drop(thr_aside *a) {
  if (atomic_fetch_sub(&a->refs, 1) == 1) a->free(a);
}

/* --- the thread --- */

static void make(void *arg) {
  thr_aside *a = arg;
  a->run(a);
}

static void drop(void *arg) { thr_aside_drop(arg); }

static void *on_thread(void *arg) {
  thr_aside *a = arg;
  thr_os_runstoppable(make, drop, a);
  atomic_store(&a->done, true);
  thr_unpark_all(a);
  thr_aside_drop(a);
  return NULL;
}

/* False: the system has no thread for it. */
static bool start(thr_aside *a, thr_osthread *t) {
  atomic_fetch_add(&a->refs, 1);
  if (thr_os_start(t, 0, on_thread, a) == 0) return true;
  thr_aside_drop(a);
  return false;
}

/* --- the caller --- */

/* Where nothing can end it: without a thread, but without the global lock. */
static void run_here(thr_tstate *ts, thr_aside *a) {
  thr_gil_release(ts);
  a->run(a);
  thr_gil_take(ts, THR_AT_ONCE);
}

static bool is_under_way(thr_waiter *w) {
  return !atomic_load(&((const thr_aside *)w->addr)->done);
}

static int wait_for(lua_State *L, thr_tstate *ts, thr_aside *a,
                    int64_t deadline) {
  while (!atomic_load(&a->done)) {
    thr_waiter w = thr_waiter_on(ts, a, a->what);
    w.validate = is_under_way;
    w.retained = &a->refs; /* its thread ends the wait, and is none of Lua's */
    thr_parkresult r = thr_park(&w, deadline);
    if (thr_pending_trydisturbed(L, r) < 0) return -1;
    if (r == THR_PARK_TIMEOUT) return 0;
  }
  return 1;
}

int thr_aside_run(lua_State *L, thr_tstate *ts, thr_aside *a,
                  int64_t deadline) {
  thr_osthread t;
  int done = 1;
  if (!thr_whose_isown(ts)) {
    a->run(a);
  } else if (start(a, &t)) {
    done = wait_for(L, ts, a, deadline);
    if (done != 1 && a->can_stop) thr_os_stop(t);
    else thr_os_detach(t);
  } else {
    run_here(ts, a);
  }
  return done;
}
